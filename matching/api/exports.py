"""Endpoint of large exports: asked for, written by a worker, fetched for a day."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from alliance.rest.conditions import etag, wanted_version
from alliance.rest.files import BINARY, FileJobs, as_file
from alliance.rest.retrying import once
from alliance.rest.views import ReadViewSet
from alliance.rest.writing import FreshOrStale
from alliance.selectors.long_lists import Rows
from matching.filters import ExportFilter
from matching.models import Export
from matching.selectors.exports import chosen, export_list
from matching.serializers.exports import ExportAsked, ExportShown
from matching.services.exports import ask_for_export, end_export, fetched


@extend_schema(tags=["jobs"])
class ExportViewSet(FileJobs, ReadViewSet):
    """All that a list shows in one file, written in the background; only who asked sees and fetches it."""

    only_reads = True
    shows_version = True
    selector = export_list
    filters = ExportFilter
    serializer_class = ExportShown

    @extend_schema(request=ExportAsked, responses={202: ExportShown})
    @once
    def create(self, request: Request) -> Response:
        """Queue a file; `filters` are those of the list. A token needs `read` only."""
        self.refuse_unknown(request, ())
        asked = ExportAsked(data=request.data)
        asked.is_valid(raise_exception=True)
        told = asked.validated_data
        self._checked(told["resource"], told["filters"])
        row = ask_for_export(request.user, told["resource"], told["format"], told["filters"])
        found = self.get_queryset().get(pk=row.pk)
        place = reverse("api:export-detail", kwargs={"id": found.public_id}, request=request)
        headers = {"Location": place, "ETag": etag(found)}
        return Response(ExportShown(found).data, status=202, headers=headers)

    def _checked(self, resource: str, filters: dict[str, str]) -> None:
        """What the list would refuse is refused here, by the same names."""
        found = chosen(resource, self.request.user, filters)
        unknown = [name for name in filters if name not in found.filters]
        wrong = {f"filters.{name}": _("There is no such parameter.") for name in unknown}
        if not wrong and not found.form.is_valid():
            wrong = {f"filters.{name}": words[0] for name, words in found.form.errors.items()}
        if wrong:
            raise serializers.ValidationError(wrong)
        self._filtered([Rows(found.queryset)], [found])

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, **kwargs: Any) -> Response:
        """Cancel it, or take its file away."""
        self.refuse_unknown(request, ())
        row: Export = self.one()
        version = wanted_version(request, row, required=True) or row.version
        with FreshOrStale(row, version):
            end_export(row, user=request.user, version=version)
        return Response(status=204)

    destroy.conditional = True  # type: ignore[attr-defined]

    @extend_schema(responses={(200, BINARY): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"])
    def file(self, request: Request, **kwargs: Any) -> Any:
        """The file, while it is kept and while the asker may see all of what it tells."""
        self.refuse_unknown(request, ())
        row: Export = self.one()
        return as_file(f"{row.resource}.{row.format}", fetched(row, user=request.user))

    file.refuses = True  # type: ignore[attr-defined]
