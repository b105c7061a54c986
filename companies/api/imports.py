"""Endpoint of large imports: a file comes in, is checked by a worker, is confirmed, and can be taken back."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from alliance.errors import DomainError
from alliance.rest.conditions import etag, wanted_version
from alliance.rest.files import BINARY, FileJobs, as_file, form_of
from alliance.rest.retrying import once
from alliance.rest.views import ReadViewSet
from alliance.rest.writing import FreshOrStale, owner_for
from companies.filters import ImportFilter
from companies.models import SheetImport
from companies.selectors.imports import attach_import_parts, sheet_list
from companies.serializers.imports import ImportAsked, ImportDetailShown, ImportShown, ImportStepAsked
from companies.services.sheets import (
    cancel,
    commented_sheet,
    confirm,
    map_headings,
    undo,
    upload_from_program,
)
from companies.services.sheets.reading import MOST_UPLOAD

STEPS: dict[str, Callable[..., object]] = {"confirm": confirm, "cancel": cancel, "undo": undo}


@extend_schema(tags=["jobs"])
class ImportViewSet(FileJobs, ReadViewSet):
    """Capabilities by file: nothing of it counts before it is confirmed, or where `mode` says save."""

    takes_form = True
    shows_version = True
    selector = sheet_list
    filters = ImportFilter
    serializer_class = ImportShown
    detail_serializer_class = ImportDetailShown

    def prepare(self, rows: list[Any]) -> None:
        attach_import_parts(rows, detailed=self.detail)

    @extend_schema(request={"multipart/form-data": ImportAsked}, responses={201: ImportDetailShown})
    @once
    def create(self, request: Request) -> Response:
        """Send a workbook, CSV or JSON lines; it is checked at once, or by a worker where it is large."""
        self.refuse_unknown(request, ())
        asked = ImportAsked(data=form_of(request))
        asked.is_valid(raise_exception=True)
        told = dict(asked.validated_data)
        file, owner = told["file"], owner_for(request.user, told.get("organisation"))
        row = upload_from_program(
            owner,
            file.read(MOST_UPLOAD + 1),
            told["columns"],
            user=request.user,
            file_name=file.name,
            component_type=told["component_type"],
            save=told["mode"] == "save",
        )
        return self._answer(row, 201)

    @extend_schema(request=ImportStepAsked, responses={200: ImportDetailShown})
    @action(detail=True, methods=["post"])
    @once
    def steps(self, request: Request, **kwargs: Any) -> Response:
        """Do a step: map (with `columns`), confirm, cancel, undo (within a day)."""
        self.refuse_unknown(request, ())
        row: SheetImport = self.one()
        version = wanted_version(request, row, required=True) or row.version
        asked = ImportStepAsked(data=request.data)
        asked.is_valid(raise_exception=True)
        move, columns = asked.validated_data["move"], asked.validated_data.get("columns")
        if (columns is None) == (move == "map"):
            raise DomainError(str(asked.fields["columns"].help_text), field="columns")
        with FreshOrStale(row, version):
            if move == "map":
                map_headings(row, columns or {}, user=request.user, version=version)
            else:
                STEPS[move](row, user=request.user, version=version)
        return self._answer(row, 200)

    steps.conditional = True  # type: ignore[attr-defined]

    @extend_schema(responses={(200, BINARY): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"])
    def file(self, request: Request, **kwargs: Any) -> Any:
        """The rows as they came in a workbook (.xlsx); bad cells are red and say what is wrong with them."""
        self.refuse_unknown(request, ())
        return as_file("import.xlsx", io.BytesIO(commented_sheet(self.one())))

    def _answer(self, row: SheetImport, status: int) -> Response:
        self.detail = True
        found = self.get_queryset().get(pk=row.pk)
        self.prepare([found])
        headers = {"ETag": etag(found)}
        if status == 201:
            place = {"id": found.public_id}
            headers["Location"] = reverse("api:import-detail", kwargs=place, request=self.request)
        return Response(self.get_serializer(found).data, status=status, headers=headers)
