"""Capabilities by spreadsheet: choose a file, map its columns, check, mend, confirm, undo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alliance.choices import ImportState
from alliance.errors import DomainError, NotFoundError
from alliance.http import Column, listing
from alliance.models import Organisation
from alliance.selectors import tree_choices
from companies.filters import SheetFilter
from companies.forms.imports import TemplateForm, UploadForm
from companies.models import ComponentType, SheetImport
from companies.selectors import component_type_list
from companies.selectors.imports import (
    first_cells,
    own_table,
    plants,
    problems_by_column,
    sheet_list,
    sheets_listed,
)
from companies.services.sheets import (
    capabilities_sheet,
    choose_columns,
    commented_sheet,
    confirm,
    fields_for,
    mend,
    template_sheet,
    undo,
    upload,
)
from companies.views.editing import version_in, writing_firm

TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
SHOWN = 200


def _file(name: str, form: str, blob: bytes) -> HttpResponse:
    response = HttpResponse(blob, content_type=TYPES[form])
    response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return response


def _firm(request: HttpRequest) -> Organisation | None:
    """The firm that this person may write for, if any."""
    try:
        return writing_firm(request)
    except DomainError:
        return None


def _count(key: str) -> Callable[[Any], Any]:
    return lambda row: row.counts.get(key)


COLUMNS = [
    Column(gettext_lazy("File"), lambda row: row.file_name, "file", sort="file"),
    Column(gettext_lazy("Firm"), lambda row: row.organisation, "firm", shown=False),
    Column(gettext_lazy("State"), lambda row: row.get_state_display(), "state"),
    Column(gettext_lazy("Rows"), lambda row: row.row_count, "rows", sort="rows", css="num"),
    Column(gettext_lazy("New"), _count("new"), "new", css="num"),
    Column(gettext_lazy("Changed"), _count("changed"), "changed", css="num"),
    Column(gettext_lazy("Errors"), _count("errors"), "errors", css="num"),
    Column(gettext_lazy("Uploaded by"), lambda row: row.person, "person"),
    Column(gettext_lazy("Uploaded"), lambda row: row.created_at, "uploaded", sort="newest"),
    Column(gettext_lazy("Saved"), lambda row: row.saved_at, "saved", shown=False),
]


@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: HttpRequest) -> HttpResponseBase:
    """Nothing is saved by uploading: the sheet is looked at first."""
    firm = _firm(request)
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    status = 200
    if request.method == "POST":
        status = 400
        if firm is None:
            raise NotFoundError(_("There is no such firm among yours."))
        if form.is_valid():
            told = form.cleaned_data
            try:
                sheet = upload(
                    firm,
                    told["file"].read(),
                    user=request.user,
                    file_name=told["file"].name,
                    component_type=told["component_type"],
                )
                return redirect("import", sheet.public_id)
            except DomainError as error:
                form.add_error(error.field if error.field in form.fields else None, error.message)
    extra = {"upload_form": form, "firm": firm, "types": tree_choices(ComponentType)}
    return listing(
        request,
        sheets_listed(request.user),
        SheetFilter,
        template="companies/import_list.html",
        columns=COLUMNS,
        name="imports",
        extra=extra,
        status=status,
    )


@require_safe
def import_template(request: HttpRequest) -> HttpResponse:
    """An empty table for one type or several, with drop-downs."""
    form = TemplateForm(request.GET)
    if not form.is_valid() or not form.cleaned_data["type"]:
        raise DomainError(_("Choose what is made."), field="type")
    told = form.cleaned_data
    firm = _firm(request)
    places = plants(request.user, firm) if firm else []
    types = list(ComponentType.objects.visible_to(request.user).filter(code__in=told["type"]).order_by("id"))
    blob = template_sheet(types[:1] if told["form"] == "csv" else types[:20], places, told["form"])
    return _file(f"template-{types[0].code}", told["form"], blob)


@require_safe
def import_export(request: HttpRequest) -> HttpResponse:
    """The firm's own table, which imports again unchanged."""
    form = "csv" if request.GET.get("format") == "csv" else "xlsx"
    firm = writing_firm(request)
    return _file("capabilities", form, capabilities_sheet(own_table(request.user, firm), form))


def _sheet(request: HttpRequest, public_id: UUID) -> SheetImport:
    """Without its cells, and without what is wrong until a page asks for it: a page that follows the work is asked for
    every two seconds."""
    return get_object_or_404(sheet_list(request.user).defer("problems", "edits"), public_id=public_id)


@require_safe
def import_detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    return _shown(request, _sheet(request, public_id))


def _shown(request: HttpRequest, sheet: Any, error: str = "", status: int = 200) -> HttpResponse:
    may = SheetImport.objects.editable_by(request.user).filter(pk=sheet.pk).exists()
    working = sheet.works
    context: dict[str, Any] = {"sheet": sheet, "may": may, "error": error, "working": working}
    if request.headers.get("HX-Request") and working:
        return render(request, "companies/_import_progress.html", context)
    if sheet.state == ImportState.MAPPING or request.GET.get("columns"):
        context["columns"] = _columns(sheet)
        context["targets"] = fields_for(component_type_list(request.user))
    if sheet.state == ImportState.CHECKED:
        context["many"] = len(sheet.problems) > SHOWN
        context["grouped"] = problems_by_column(sheet)
        context["problems"] = [_placed(problem) for problem in sheet.problems[:SHOWN]]
    response = render(request, "companies/import_detail.html", context, status=status)
    if request.headers.get("HX-Request"):
        response["HX-Refresh"] = "true"
    return response


def _placed(problem: dict[str, Any]) -> dict[str, Any]:
    place = "" if problem["column"] is None else f"{problem['sheet']}!{problem['row']}:{problem['column']}"
    return problem | {"place": place}


def _columns(sheet: Any) -> list[dict[str, Any]]:
    first = first_cells(sheet)
    return [
        {
            "number": number,
            "heading": heading,
            "sample": first[number] if number < len(first) else "",
            "field": sheet.mapping.get(str(number), ""),
        }
        for number, heading in enumerate(sheet.header)
    ]


@require_POST
def import_map(request: HttpRequest, public_id: UUID) -> HttpResponse:
    sheet = _sheet(request, public_id)
    chosen = {key.removeprefix("c"): str(value) for key, value in request.POST.items() if key.startswith("c")}
    try:
        choose_columns(sheet, chosen, user=request.user)
    except NotFoundError:
        raise
    except DomainError as error:
        sheet.mapping = {str(n): chosen.get(str(n), "") for n in range(len(sheet.header))}
        return _shown(request, sheet, error.message, error.status)
    return redirect("import", public_id)


@require_POST
def import_mend(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The replacements typed on the page; empty boxes change nothing."""
    edits = {
        key.removeprefix("at:"): str(value).strip()
        for key, value in request.POST.items()
        if key.startswith("at:") and str(value).strip()
    }
    if not edits:
        messages.info(request, _("No replacement was typed."))
        return redirect("import", public_id)
    mend(
        _sheet(request, public_id), edits, user=request.user, everywhere=bool(request.POST.get("everywhere"))
    )
    return redirect("import", public_id)


@require_POST
def import_confirm(request: HttpRequest, public_id: UUID) -> HttpResponse:
    confirm(_sheet(request, public_id), user=request.user, version=version_in(request.POST))
    return redirect("import", public_id)


@require_POST
def import_undo(request: HttpRequest, public_id: UUID) -> HttpResponse:
    undo(_sheet(request, public_id), user=request.user)
    return redirect("import", public_id)


@require_safe
def import_comments(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The upload with its bad cells marked and commented, to be mended in a spreadsheet program."""
    return _file("with-comments", "xlsx", commented_sheet(_sheet(request, public_id)))
