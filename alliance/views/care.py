"""The bureau's own entries in the directory."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from alliance.errors import DomainError
from alliance.forms.care import EntryForm
from alliance.selectors import may_enter
from alliance.selectors.joining import cities_in_care, named_alike
from alliance.services.directory import enter_firm


@require_http_methods(["GET", "HEAD", "POST"])
def entry_new(request: HttpRequest) -> HttpResponse:
    """An official enters a firm of the bureau's city that has not registered."""
    if not may_enter(request.user):
        raise Http404
    form = EntryForm(request.POST or None)
    status, alike = 200, []
    if request.method == "POST":
        status = 400
        if form.is_valid():
            told = form.cleaned_data
            try:
                firm = enter_firm(form.entry(), user=request.user, although_alike=told["although_alike"])
            except DomainError as error:
                status = error.status
                if error.field == "although_alike":
                    alike = named_alike(request.user, told["name_zh"], told["name_en"])
                else:
                    form.add_error(error.field if error.field in form.fields else None, error.message)
            else:
                messages.success(request, _("%(firm)s is in the directory.") % {"firm": firm})
                return redirect("firm", firm.public_id)
    context = {"form": form, "cities": cities_in_care(request.user), "alike": alike}
    return render(request, "alliance/entry_form.html", context, status=status)
