"""Files on a row: the list with its form, the download, withdrawing and restoring."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from alliance.choices import FileStage
from alliance.errors import DomainError, ForbiddenError
from alliance.forms.records import FileForm
from alliance.kinds import KINDS
from alliance.selectors.attachments import attachment_of, file_count, holder_of, is_bureaus, row_of, whose_row
from alliance.services.attachments import attach, open_file, restore_file, withdraw_file

STEPS = {"withdraw": withdraw_file, "restore": restore_file}
#: A file is never shown as a page of this site: no script of its own, no guess at what it is, no copy on the way.
HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-store",
}


@require_http_methods(["GET", "HEAD", "POST"])
def files(request: HttpRequest, kind: str, public_id: UUID) -> HttpResponse:
    """All files of a row. A file that is refused comes back here with the reason."""
    found = row_of(request.user, kind, public_id)
    if found is None or not KINDS[kind].has_files:
        raise Http404
    form, status = None, 200
    if request.method == "POST":
        holder = holder_of(KINDS[kind], found, request.user)
        if holder is None:
            raise ForbiddenError(_("Only those who work on it attach files here."))
        whose = whose_row(KINDS[kind], found) if is_bureaus(KINDS[kind], found, holder) else None
        form = FileForm(request.POST, request.FILES, staged=KINDS[kind].staged, whose=whose)
        status = 400
        if form.is_valid():
            try:
                return _attached(request, found, form.cleaned_data)
            except DomainError as error:
                form.add_error(error.field if error.field in form.fields else None, error.message)
                status = error.status
    total = file_count(request.user, KINDS[kind], found)
    context = {"row": found, "kind": KINDS[kind], "bound": form, "total": total}
    return render(request, "alliance/files.html", context, status=status)


def _attached(request: HttpRequest, found: Any, told: dict[str, Any]) -> HttpResponse:
    upload = told["file"]
    stage = told.get("stage", FileStage.CLOSED)
    row = attach(found, upload.chunks(), user=request.user, name=upload.name, stage=stage)
    messages.success(request, _("%(name)s is attached.") % {"name": row.name})
    return redirect(_home(row))


def _home(row: Any) -> str:
    """Where the row is shown that the file hangs on."""
    if not KINDS[row.kind].url_name:
        return reverse("verifications")
    return f"{reverse(KINDS[row.kind].url_name, kwargs={'public_id': row.object_id})}#files"


@require_GET
def download(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """A download, never a page; who opens it is noted."""
    found = attachment_of(request.user, public_id)
    if found is None:
        raise Http404
    file = open_file(found, user=request.user)
    return FileResponse(
        file, as_attachment=True, filename=found.name, content_type=found.content_type, headers=HEADERS
    )


@require_POST
def switch(request: HttpRequest, public_id: UUID, step: str) -> HttpResponse:
    found = attachment_of(request.user, public_id)
    if found is None or step not in STEPS:
        raise Http404
    STEPS[step](found, user=request.user)
    words = _("%(name)s is withdrawn.") if step == "withdraw" else _("%(name)s is back.")
    messages.success(request, words % {"name": found.name})
    return redirect(_home(found))
