"""Search over everything: a page, and the same results as a piece for the box in the header."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from matching.selectors.search import search as find

#: Rows of each kind while somebody types.
FEW = 4


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    typing = bool(request.headers.get("HX-Request"))
    text = request.GET.get("q", "")[:100]
    found = find(request.user, text, each=FEW) if typing else find(request.user, text)
    template = "matching/_search_results.html" if typing else "matching/search.html"
    return render(request, template, {"found": found, "typing": typing})
