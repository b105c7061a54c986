"""A demand's lines by spreadsheet: template, upload, columns, problems, confirm, undo."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alliance.choices import ImportState
from alliance.errors import DomainError, NotFoundError
from alliance.http import XLSX
from alliance.selectors import tree_choices
from companies.models import ComponentType
from companies.selectors import component_type_list
from matching.forms.bills import BillFileForm, BillForm
from matching.models import BillSheet, Demand
from matching.selectors import demand_detail, heading
from matching.selectors.bills import bill_list
from matching.services.bills import (
    choose_columns,
    commented_sheet,
    confirm,
    fields_for,
    lines_sheet,
    mend,
    template_sheet,
    undo,
    upload,
)
from matching.services.bills.writing import how_to_ask

TYPES = {"xlsx": XLSX, "csv": "text/csv; charset=utf-8"}
MOST_TYPES = 20


def _file(name: str, form: str, blob: bytes) -> HttpResponse:
    response = HttpResponse(blob, content_type=TYPES[form])
    response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return response


def _own(request: HttpRequest, public_id: UUID) -> Any:
    rows = Demand.objects.editable_by(request.user).values("pk")
    return get_object_or_404(demand_detail(request.user), public_id=public_id, pk__in=rows)


@require_http_methods(["GET", "HEAD", "POST"])
def bill(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Nothing is saved by uploading: the sheet is looked at first."""
    found = _own(request, public_id)
    form = BillForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data["file"]
        try:
            sheet = upload(found, told.read(), user=request.user, file_name=told.name)
            return redirect("bill-sheet", sheet.public_id)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
    context = {
        "form": form,
        "demand": found,
        "heading": heading(found),
        "rows": bill_list(request.user).filter(demand=found).defer("rows", "before", "after")[:20],
        "types": tree_choices(ComponentType),
        "how": how_to_ask(),
    }
    return render(request, "matching/bill.html", context, status=400 if request.method == "POST" else 200)


@require_safe
def bill_file(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """With types an empty table for them, without the demand's own lines, which import again unchanged."""
    found = _own(request, public_id)
    form = BillFileForm(request.GET)
    if not form.is_valid():
        raise DomainError(_("Choose a component type of the list."), field="type")
    told = form.cleaned_data
    if not told["type"] and "template" not in request.GET:
        return _file(f"lines-{found.public_id}", told["form"], lines_sheet(found, told["form"]))
    types = component_type_list(request.user).filter(code__in=told["type"]).order_by("code")
    return _file("bill-of-materials", told["form"], template_sheet(list(types[:MOST_TYPES]), told["form"]))


def _sheet(request: HttpRequest, public_id: UUID) -> BillSheet:
    row: BillSheet = get_object_or_404(bill_list(request.user), public_id=public_id)
    return row


@require_safe
def bill_sheet(request: HttpRequest, public_id: UUID) -> HttpResponse:
    sheet = _sheet(request, public_id)
    if "comments" in request.GET:
        return _file("with-comments", "xlsx", commented_sheet(sheet))
    return _shown(request, sheet)


def _shown(request: HttpRequest, sheet: BillSheet, error: str = "", status: int = 200) -> HttpResponse:
    found = get_object_or_404(demand_detail(request.user), pk=sheet.demand_id)
    context: dict[str, Any] = {
        "sheet": sheet,
        "demand": found,
        "heading": heading(found),
        "may": BillSheet.objects.editable_by(request.user).filter(pk=sheet.pk).exists(),
        "error": error,
        "how": how_to_ask(),
    }
    if sheet.state == ImportState.MAPPING or request.GET.get("columns"):
        context["columns"] = _columns(sheet)
        context["targets"] = fields_for(component_type_list(request.user))
    if sheet.state == ImportState.CHECKED:
        context["problems"] = [_placed(problem) for problem in sheet.problems]
    return render(request, "matching/bill_sheet.html", context, status=status)


def _placed(problem: dict[str, Any]) -> dict[str, Any]:
    place = "" if problem["column"] is None else f"{problem['sheet']}!{problem['row']}:{problem['column']}"
    return problem | {"place": place}


def _columns(sheet: BillSheet) -> list[dict[str, Any]]:
    first = sheet.rows[0][2] if sheet.rows else []
    return [
        {
            "number": number,
            "heading": words,
            "sample": first[number] if number < len(first) else "",
            "field": sheet.mapping.get(str(number), ""),
        }
        for number, words in enumerate(sheet.header)
    ]


@require_POST
def bill_step(request: HttpRequest, public_id: UUID, step: str) -> HttpResponse:
    """map, mend, confirm, undo."""
    handler = STEPS.get(step)
    if handler is None:
        raise Http404("no such step")
    sheet = _sheet(request, public_id)
    try:
        handler(request, sheet)
    except NotFoundError:
        raise
    except DomainError as error:
        return _shown(request, _sheet(request, public_id), error.message, error.status)
    return redirect("bill-sheet", public_id)


def _map(request: HttpRequest, sheet: BillSheet) -> None:
    chosen = {key.removeprefix("c"): str(value) for key, value in request.POST.items() if key.startswith("c")}
    choose_columns(sheet, chosen, user=request.user)


def _mend(request: HttpRequest, sheet: BillSheet) -> None:
    """The replacements typed on the page; empty boxes change nothing."""
    edits = {
        key.removeprefix("at:"): str(value).strip()
        for key, value in request.POST.items()
        if key.startswith("at:") and str(value).strip()
    }
    if edits:
        mend(sheet, edits, user=request.user, everywhere=bool(request.POST.get("everywhere")))
    else:
        messages.info(request, _("No replacement was typed."))


def _confirm(request: HttpRequest, sheet: BillSheet) -> None:
    version = request.POST.get("version", "")
    number = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0
    confirm(sheet, user=request.user, version=number, replace=request.POST.get("others") == "remove")


def _undo(request: HttpRequest, sheet: BillSheet) -> None:
    n = undo(sheet, user=request.user)
    words = ngettext(
        "Taken back: the demand has %(n)d line, as before.",
        "Taken back: the demand has %(n)d lines, as before.",
        n,
    )
    messages.success(request, words % {"n": n})


STEPS = {"map": _map, "mend": _mend, "confirm": _confirm, "undo": _undo}
