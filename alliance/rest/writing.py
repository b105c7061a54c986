"""The viewset of rows that programs write: by id, by external id, many at once; through the services of the pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.db import DatabaseError, transaction
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from alliance.errors import ConflictError, DomainError, ForbiddenError
from alliance.models import Organisation
from alliance.rest.bulk import CHANGED, CREATED, REFUSED, UNCHANGED, BulkAsked, counted, refuse_all
from alliance.rest.conditions import StaleError, etag, refuse_existing, version_named, wanted_version
from alliance.rest.fields import FirmReference
from alliance.rest.inputs import BulkParser, StrictSerializer, StrictText
from alliance.rest.problems import described
from alliance.rest.retrying import once
from alliance.rest.views import ReadViewSet
from alliance.selectors import viewer_of
from alliance.selectors.long_lists import Rows
from alliance.services.retries import locked


class ChangeViewSet(ReadViewSet):
    """What a resource says of itself: its body, the body of a stored row, and the services that write it.

    `stored` is a selector that gives the body which would write the row as it is, read from the database now.

    `renamed`: names that the services give to what is wrong → where it stands in the body.
    """

    asked: ClassVar[type[StrictSerializer]]
    kind: ClassVar[str]
    stored: ClassVar[Callable[[Any], dict[str, Any]]]
    renamed: ClassVar[dict[str, str]] = {}

    # --- what a resource says ---
    def change(self, row: Any, told: dict[str, Any], version: int) -> object:
        raise NotImplementedError

    def editable(self) -> Any:
        """The row of this address, for who may change it: 404 where it is not seen, 403 where it is only seen."""
        row = self.one()
        model: Any = type(row)
        if not model.objects.editable_by(self.request.user).filter(pk=row.pk).exists():
            raise ForbiddenError(_("You may not change this."))
        return row

    def update(self, request: Request, partial: bool = False, **kwargs: Any) -> Response:
        """Replace what the row says; a field that is left out is cleared."""
        self.refuse_unknown(request, ())
        row = self.editable()
        version = wanted_version(request, row, required=True)
        self.apply(row, self.told(request.data, row, partial=partial), version)
        return self.answer(row, 200)

    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Change the fields that are given; in an object the keys that are given, null takes one away.

        A list is replaced as a whole.
        """
        return self.update(request, partial=True, **kwargs)

    # --- bodies ---
    def told(self, data: Any, row: Any = None, *, partial: bool = False) -> dict[str, Any]:
        """The body, read; for a row that is there without what it shows unchanged and cannot be written."""
        given = _object(data)
        if row is not None:
            given = self._without_unchanged(given, row)
            if partial:
                given = merged(type(self).stored(row), given)
        asked = self.asked(data=given)
        asked.is_valid(raise_exception=True)
        return dict(asked.validated_data)

    def _without_unchanged(self, data: dict[str, Any], row: Any) -> dict[str, Any]:
        writable = set(self.asked().fields) - {"organisation"}
        extra = [name for name in data if name not in writable]
        if not extra:
            return data
        shown = self.shown(row)
        for name in extra:
            same = data[name] == shown.get(name, _Nothing)
            if name == "organisation" and shown.get(name) is not None:
                same = str(_firm_named(data)) == shown[name]["id"]
            if name in shown and not same:
                message = serializers.ErrorDetail(_("This is read-only: leave it as it is."), "read_only")
                raise serializers.ValidationError({name: [message]})
        return {name: value for name, value in data.items() if name in writable or name not in shown}

    def shown(self, row: Any) -> dict[str, Any]:
        """The row as its own address shows it now."""
        self.detail = True
        found = self.get_queryset().get(pk=row.pk)
        self.prepare([found])
        told: dict[str, Any] = json.loads(JSONRenderer().render(self.get_serializer(found).data))
        return told

    def answer(self, row: Any, status: int) -> Response:
        self.detail = True
        found = self.get_queryset().get(pk=row.pk)
        self.prepare([found])
        headers = {"ETag": etag(found)}
        if status == 201:
            place = {self.lookup_url_kwarg: found.public_id}
            headers["Location"] = reverse(f"api:{self.basename}-detail", kwargs=place, request=self.request)
        return Response(self.get_serializer(found).data, status=status, headers=headers)

    # --- writing ---
    def apply(self, row: Any, told: dict[str, Any], version: int | None) -> bool:
        """Write over the row; whether that changed anything. What says the same leaves no trace."""
        with self.translated(), self.fresh_or_stale(row, version), transaction.atomic():
            before = type(self).stored(row)
            self.change(row, told, row.version if version is None else version)
            changed = type(self).stored(row) != before
            if not changed:
                transaction.set_rollback(True)
        row.refresh_from_db()
        return changed

    def translated(self) -> Any:
        return _Translated(self.renamed)

    def fresh_or_stale(self, row: Any, version: int | None) -> Any:
        return FreshOrStale(row, version)


def owner_for(user: Any, named: Any = None) -> Organisation:
    """In whose name a row is made: the firm named, or the only one that the caller writes for."""
    viewer = viewer_of(user)
    mine = Organisation.objects.visible_to(user)
    if named is not None:
        found = mine.filter(pk__in=viewer.firms, public_id=named).first()
        if found is None:
            raise DomainError(_("There is no such firm among yours."), field="organisation")
        return found
    if not viewer.editing:
        raise ForbiddenError(_("You may not change this firm's rows."))
    if len(viewer.editing) > 1:
        raise DomainError(_("You write for several firms: say for which."), field="organisation")
    return mine.get(pk=min(viewer.editing))


class WriteViewSet(ChangeViewSet):
    """Rows that programs also make and put away, one by one or many at once."""

    #: the parameter and its value that ask for what was put away; a list leaves it out otherwise
    put_away: ClassVar[tuple[str, str]] = ("state", "archived")

    @property
    def asks_for_put_away(self) -> bool:
        name, value = self.put_away
        return bool(self.request.query_params.get(name) == value)

    def lists(self) -> Sequence[QuerySet[Any] | Rows]:
        return [each.filter(archived_at__isnull=not self.asks_for_put_away) for each in super().lists()]

    def make(self, owner: Organisation, told: dict[str, Any]) -> Any:
        raise NotImplementedError

    def remove(self, row: Any, version: int) -> object:
        raise NotImplementedError

    def named(self, owner: Organisation, external_id: str) -> Any:
        """The owner's row of this name, or None."""
        model: Any = self.get_queryset().model
        rows = model.objects.visible_to(self.request.user)
        return rows.filter(organisation=owner, external_id=external_id).first()

    def owner(self, named: Any = None) -> Organisation:
        return owner_for(self.request.user, named)

    # --- operations ---
    @once
    def create(self, request: Request) -> Response:
        """Make a row: a draft, unless it says that it is published."""
        self.refuse_unknown(request, ())
        told = self.told(request.data)
        owner = self.owner(told.pop("organisation", None))
        with self.translated():
            row = self.make(owner, told)
        return self.answer(row, 201)

    def destroy(self, request: Request, **kwargs: Any) -> Response:
        """Put it away: out of lists and matching, kept with all that refers to it."""
        self.refuse_unknown(request, ())
        row = self.editable()
        version = wanted_version(request, row, required=True) or row.version
        with self.translated(), self.fresh_or_stale(row, version):
            self.remove(row, version)
        return Response(status=204)

    @action(detail=False, methods=["put"], url_path="by-external-id/<str:external_id>", url_name="upsert")
    @once
    def by_external_id(self, request: Request, external_id: str) -> Response:
        """Make the row of this name, or write over it; twice the same does nothing the second time."""
        self.refuse_unknown(request, ())
        with transaction.atomic():
            data = _object(request.data)
            if not data.get("external_id"):  # left out, or empty as a generated client fills it in
                data["external_id"] = external_id
            if data["external_id"] != external_id:
                raise DomainError(_("This is another name than in the address."), field="external_id")
            owner = self._owner_in(data)
            locked("upsert", self.kind, str(owner.pk), external_id, wait=True)
            row = self.named(owner, external_id)
            refuse_existing(request, row)
            if row is None:
                made = self._made(owner, data)
                if made is not None:
                    return self.answer(made, 201)
                row = self.named(owner, external_id)
                refuse_existing(request, row)
            version = wanted_version(request, row, required=False)
            self.apply(row, self.told(data, row), version)
            return self.answer(row, 200)

    def _made(self, owner: Organisation, data: dict[str, Any]) -> Any:
        """None where somebody has made the row of this name meanwhile, by a form or by POST."""
        told = self.told(data)
        told.pop("organisation", None)
        try:
            with transaction.atomic(), self.translated():
                return self.make(owner, told)
        except DomainError:
            if self.named(owner, data["external_id"]) is None:
                raise
            return None

    @action(detail=False, methods=["post"], parser_classes=[BulkParser])
    @once
    def bulk(self, request: Request) -> Response:
        """Up to 1,000 rows, all or nothing (`atomic`, the default) or each by itself; an answer for each row."""
        self.refuse_unknown(request, ())
        asked = BulkAsked(data=request.data)
        asked.is_valid(raise_exception=True)
        owner = self.owner(asked.validated_data.get("organisation"))
        with transaction.atomic():
            names = sorted({str(row.get("external_id", "")) for row in asked.validated_data["rows"]})
            for name in names:
                locked("upsert", self.kind, str(owner.pk), name, wait=True)
            results = [
                self._bulk_row(owner, place, row) for place, row in enumerate(asked.validated_data["rows"])
            ]
            if asked.validated_data["atomic"]:
                refuse_all(results)
        return Response({"atomic": asked.validated_data["atomic"], **counted(results), "results": results})

    def _bulk_row(self, owner: Organisation, place: int, data: dict[str, Any]) -> dict[str, Any]:
        name = data.get("external_id")
        told: dict[str, Any] = {
            "row": place,
            "external_id": name if isinstance(name, str) else None,
            "id": None,
            "etag": None,
        }
        try:
            with transaction.atomic(), self.translated():
                row, result = self._write(owner, dict(data))
        except (DomainError, APIException, Http404, DatabaseError) as error:
            found = described(error, self.request._request)
            if found is None or found[0]["status"] >= 500:
                raise
            body = found[0]
            errors = body.get("errors") or [{"field": "", "message": body["detail"], "code": body["code"]}]
            return told | {"result": REFUSED, "status": body["status"], "errors": errors}
        named = {"external_id": row.external_id, "id": str(row.public_id), "etag": etag(row)}
        return told | named | {"result": result, "status": 201 if result == CREATED else 200, "errors": []}

    def _write(self, owner: Organisation, data: dict[str, Any]) -> tuple[Any, str]:
        condition = _condition(data)
        if _firm_named(data) not in (None, owner.public_id):
            raise DomainError(_("All rows are of one firm."), field="organisation")
        data.pop("organisation", None)
        name = data.get("external_id")
        row = self.named(owner, name) if isinstance(name, str) and name else None
        if row is None:
            if condition is not None:
                raise StaleError
            return self.make(owner, self.told(data)), CREATED
        version = None if condition is None else version_named(condition, row)
        changed = self.apply(row, self.told(data, row), version)
        return row, CHANGED if changed else UNCHANGED

    def _owner_in(self, data: dict[str, Any]) -> Organisation:
        named = _firm_named(data)
        data.pop("organisation", None)
        return self.owner(named)


class _Nothing:
    """Equal to no value."""


class _Translated:
    """What services say of their fields, said of the body's."""

    def __init__(self, renamed: dict[str, str]) -> None:
        self.renamed = renamed

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, DomainError) and error.errors:
            error.errors = {self.renamed.get(name, name): words for name, words in error.errors.items()}


class FreshOrStale:
    """A conflict over a version that is not the row's any more: the caller's copy is stale (412), no step illegal."""

    def __init__(self, row: Any, version: int | None) -> None:
        self.row, self.version = row, version

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if not isinstance(error, ConflictError) or self.version is None:
            return
        model = type(self.row)
        now = model._base_manager.values_list("version", flat=True).filter(pk=self.row.pk).first()
        if now != self.version:
            raise StaleError from error


def _firm_named(data: dict[str, Any]) -> Any:
    """The public id in `organisation`, which may stand there as it was shown; None where nothing is said."""
    if "organisation" not in data:
        return None
    try:
        return FirmReference().run_validation(data["organisation"])
    except serializers.ValidationError as error:
        raise serializers.ValidationError({"organisation": error.detail}) from None


def _condition(data: dict[str, Any]) -> str | None:
    """A row's `if_match`; what is no text is no wish to write over whatever there is."""
    if "if_match" not in data:
        return None
    try:
        return str(StrictText(max_length=200).run_validation(data.pop("if_match")))
    except serializers.ValidationError as error:
        raise serializers.ValidationError({"if_match": error.detail}) from None


def _object(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise serializers.ValidationError({"body": _("The body must be an object.")})
    return dict(data)


def merged(stored: Any, given: Any) -> Any:
    """A patch over what there is: objects key by key (null empties one), everything else as a whole."""
    if not (isinstance(stored, dict) and isinstance(given, dict)):
        return given
    found = dict(stored)
    for name, value in given.items():
        found[name] = merged(stored.get(name), value)
    return found


def row_named(model: Any, code: str, field: str) -> Any:
    """A city or type by its code."""
    found = model.objects.filter(code=code).first()
    if found is None:
        raise DomainError(_("There is no “%(code)s”.") % {"code": code[:60]}, field=field)
    return found


def keep_name(row: Any, told: dict[str, Any]) -> None:
    """The name of a row that other rows are written under stays."""
    if told.get("external_id") not in ("", None, row.external_id):
        raise DomainError(_("This is read-only: leave it as it is."), field="external_id")
