"""The OpenAPI document and the page to read it on; both are public and touch no rows."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.negotiation import BaseContentNegotiation


class FirstRenderer(BaseContentNegotiation):
    """These two addresses say one thing each, whatever is asked for."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type

    def select_parser(self, request: Any, parsers: Any) -> Any:
        return parsers[0] if parsers else None


@extend_schema(exclude=True)
class SchemaView(SpectacularAPIView):
    renderer_classes = [SpectacularAPIView.renderer_classes[3]]
    content_negotiation_class = FirstRenderer


class DocsView(SpectacularSwaggerSplitView):
    url_name = "api:schema"
    template_name = "alliance/api_docs.html"
    content_negotiation_class = FirstRenderer
