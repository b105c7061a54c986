"""The outbox: what would have been mailed, for the platform's admin where no mail server is set."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from alliance.selectors.joining import mail_list


@require_safe
def outbox(request: HttpRequest) -> HttpResponse:
    if not getattr(request.user, "is_superuser", False):
        raise Http404("no outbox for this person")
    return render(request, "alliance/mail_list.html", {"rows": mail_list(request.user)[:100]})
