"""Widgets of forms, written without a template for each option: a type tree to choose from has hundreds of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.utils.functional import Promise
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString


class Renderer(DjangoTemplates):
    """As Django's own; choices and lines of text are put together here, to the same markup."""

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        widget = context.get("widget")
        if template_name == "django/forms/widgets/select.html" and _plain(widget):
            return _select(widget)
        if template_name in LINES:
            return _line(widget)
        return super().render(template_name, context, request)


LINES = {f"django/forms/widgets/{name}.html" for name in ("input", "text", "number", "hidden", "email")}


def _plain(widget: Any) -> bool:
    """Its options are the usual ones, with words for labels."""
    return all(
        option["template_name"] == "django/forms/widgets/select_option.html"
        and isinstance(option["label"], str | Promise)
        for _name, options, _place in widget["optgroups"]
        for option in options
    )


def _select(widget: Any) -> SafeString:
    parts = [f'<select name="{_text(widget["name"])}"{_attributes(widget["attrs"])}>']
    for name, options, _place in widget["optgroups"]:
        if name:
            parts.append(f'<optgroup label="{_text(name)}">')
        for option in options:
            attributes = _attributes(option["attrs"]) if option["attrs"] else ""
            parts.append(
                f'<option value="{_text(option["value"])}"{attributes}>{_text(option["label"])}</option>'
            )
        if name:
            parts.append("</optgroup>")
    return SafeString("".join([*parts, "</select>"]))


def _line(widget: Any) -> SafeString:
    value = "" if widget["value"] is None else f' value="{_text(widget["value"])}"'
    start = f'<input type="{_text(widget["type"])}" name="{_text(widget["name"])}"'
    return SafeString(f"{start}{value}{_attributes(widget['attrs'])}>")


def _attributes(attributes: Mapping[str, Any]) -> str:
    return "".join(
        f" {_text(name)}" if value is True else f' {_text(name)}="{_text(value)}"'
        for name, value in attributes.items()
        if value is not False
    )


def _text(value: Any) -> str:
    return conditional_escape(value if isinstance(value, str) else str(value))
