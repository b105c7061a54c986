"""The OpenAPI document and the page to read it on; both are public and touch no rows."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import get_language, override, pgettext_lazy
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer2
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response


class FirstRenderer(BaseContentNegotiation):
    """These two addresses say one thing each, whatever is asked for."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type

    def select_parser(self, request: Any, parsers: Any) -> Any:
        return parsers[0] if parsers else None


@cache
def document(language: str) -> bytes:
    """The description in one of the languages of the site: the same for everybody while the process lives, so the half
    second that it takes is spent once."""
    with override(language):
        told: bytes = OpenApiJsonRenderer2().render(SchemaGenerator().get_schema(request=None, public=True))
    return told


@extend_schema(exclude=True)
class SchemaView(SpectacularAPIView):
    """`lang` asks for another language than the reader's."""

    renderer_classes = [OpenApiJsonRenderer2]
    content_negotiation_class = FirstRenderer

    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        known = dict(settings.LANGUAGES)
        asked = [request.GET.get("lang"), get_language(), settings.LANGUAGE_CODE]
        language = next(each for each in asked if each in known)
        headers = {"Content-Disposition": 'inline; filename="robot-alliance.json"'}
        return HttpResponse(document(language), content_type=OpenApiJsonRenderer2.media_type, headers=headers)


#: what the page's own buttons and headings say, which know no language but English
LABELS = (
    pgettext_lazy("page of the API", "Authorize"),
    pgettext_lazy("page of the API", "Authorized"),
    pgettext_lazy("page of the API", "Available authorizations"),
    pgettext_lazy("page of the API", "Logout"),
    pgettext_lazy("page of the API", "Close"),
    pgettext_lazy("page of the API", "Try it out"),
    pgettext_lazy("page of the API", "Cancel"),
    pgettext_lazy("page of the API", "Reset"),
    pgettext_lazy("page of the API", "Execute"),
    pgettext_lazy("page of the API", "Clear"),
    pgettext_lazy("page of the API", "Parameters"),
    pgettext_lazy("page of the API", "No parameters"),
    pgettext_lazy("page of the API", "Request body"),
    pgettext_lazy("page of the API", "Responses"),
    pgettext_lazy("page of the API", "Server response"),
    pgettext_lazy("page of the API", "Response body"),
    pgettext_lazy("page of the API", "Response headers"),
    pgettext_lazy("page of the API", "Request duration"),
    pgettext_lazy("page of the API", "Request URL"),
    pgettext_lazy("page of the API", "Name"),
    pgettext_lazy("page of the API", "Description"),
    pgettext_lazy("page of the API", "Code"),
    pgettext_lazy("page of the API", "Details"),
    pgettext_lazy("page of the API", "Links"),
    pgettext_lazy("page of the API", "No links"),
    pgettext_lazy("page of the API", "Media type"),
    pgettext_lazy("page of the API", "Example Value"),
    pgettext_lazy("page of the API", "Edit Value"),
    pgettext_lazy("page of the API", "Examples:"),
    pgettext_lazy("page of the API", "Undocumented"),
    pgettext_lazy("page of the API", "Schema"),
    pgettext_lazy("page of the API", "Schemas"),
    pgettext_lazy("page of the API", "Download"),
    pgettext_lazy("page of the API", "Value:"),
)


def labels() -> dict[str, str]:
    """Each label as the library writes it → in the reader's language, where that is another."""
    with override("en"):
        names = [str(each) for each in LABELS]
    told = dict(zip(names, map(str, LABELS), strict=True))
    return {name: words for name, words in told.items() if words != name}


class DocsView(SpectacularSwaggerSplitView):
    url_name = "api:schema"
    template_name = "alliance/api_docs.html"
    content_negotiation_class = FirstRenderer

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        answer: Response = super().get(request, *args, **kwargs)
        answer.data["labels"] = json.dumps(labels(), ensure_ascii=False)
        return answer
