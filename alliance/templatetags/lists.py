"""The table of a list: headings that sort, and the cells of the columns that are shown, in their order.

    {% heads %}<tbody>{% for firm in rows %}{% row firm %}{% cell "name" %}<a …>{{ firm }}</a>{% endcell %}{% endrow %}

A column without a `cell` of its own shows its value as text. `table` is the page's `alliance.http.Table`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from alliance.http import Column, Table
from alliance.templatetags import _numbers as text
from alliance.templatetags._html import escaped, put
from alliance.templatetags.ui import icon, num

register = template.Library()
ARROWS = {"ascending": "chevron-up", "descending": "chevron-down"}


@register.simple_tag(takes_context=True)
def heads(context: template.Context) -> SafeString:
    """The row of headings; those that can sort are links, the one that sorts says so."""
    table: Table = context["table"]
    cells = [_head(context, table, column) for column in table.shown]
    if table.ticks:
        tick = put('<th class="tick"><span class="visually-hidden">{}</span></th>', _("Chosen"))
        cells.insert(0, tick)
    return put("<thead><tr>{}</tr></thead>", _joined(cells))


def _head(context: template.Context, table: Table, column: Column) -> SafeString:
    own = (context.get("heads") or {}).get(column.key)
    words = own or conditional_escape(column.words)
    if not column.sort:
        return put('<th class="{}">{}</th>', column.css, words)
    query = context["request"].GET.copy()
    query.pop("cursor", None)
    query["sort"] = table.next_sort(column)
    way = table.direction(column)
    return put(
        '<th class="{}"{}><a class="sort" href="?{}">{}{}</a></th>',
        column.css,
        put(' aria-sort="{}"', way) if way else "",
        query.urlencode(),
        words,
        icon(ARROWS[way]) if way else "",
    )


def _joined(parts: Iterable[Any]) -> SafeString:
    return mark_safe("".join(parts))  # noqa: S308 -- each part is safe already


class CellNode(template.Node):
    """What one column says of a row, where its value alone would be too plain."""

    def __init__(self, key: str, css: str, nodes: NodeList) -> None:
        self.key, self.css, self.nodelist = key, css, nodes

    def render(self, context: template.Context) -> SafeString:
        return self.nodelist.render(context)


class RowNode(template.Node):
    """A row: its cells come in the order of the columns, whatever their order in the template."""

    def __init__(self, row: FilterExpression, nodes: NodeList) -> None:
        self.row = row
        self.cells = {node.key: node for node in nodes if isinstance(node, CellNode)}

    def render(self, context: template.Context) -> SafeString:
        table: Table = context["table"]
        row = self.row.resolve(context)
        if self not in context.render_context:
            context.render_context[self] = self._opened(table)
        cells = [
            f"{opened}{escaped(node.render(context) if node else plain(column.value(row)))}</td>"
            for column, node, opened in context.render_context[self]
        ]
        tick = _tick(row, row.pk in table.ticks) if table.ticks else ""
        return SafeString(f"<tr>{tick}{''.join(cells)}</tr>")

    def _opened(self, table: Table) -> list[tuple[Column, CellNode | None, SafeString]]:
        """What is the same in every row: each column with its own cell and the beginning of it."""
        found = []
        for place, column in enumerate(table.shown):
            node = self.cells.get(column.key)
            css = " ".join(filter(None, ["" if place else "w", node.css if node else "", column.css]))
            label = put(' data-l="{}"', column.words) if place else ""
            found.append((column, node, put('<td class="{}"{}>', css, label)))
        return found


def _tick(row: Any, may: bool) -> SafeString:
    """A box, or an empty cell where nothing can be done to this row."""
    if not may:
        return SafeString('<td class="tick"></td>')
    return put(
        '<td class="tick"><input class="form-check-input" type="checkbox" name="row" value="{}" form="several"'
        ' aria-label="{}" data-several></td>',
        row.public_id,
        _("Choose %(row)s") % {"row": getattr(row, "heading", "") or row},
    )


def plain(value: Any) -> SafeString:
    """A value as the reader expects it: 2,880, 2027-03-14, yes."""
    if value is None or value == "":
        return put('<span class="t2">{}</span>', text.MISSING)
    if isinstance(value, bool):
        return conditional_escape(_("yes") if value else _("no"))
    if isinstance(value, int | float | Decimal):
        return put('<span class="n">{}</span>', text.number_text(float(value)))
    if isinstance(value, datetime):
        return conditional_escape(text.moment_text(value))
    if isinstance(value, date):
        return conditional_escape(text.date_text(value))
    return conditional_escape(value)


@register.tag("row")
def do_row(parser: Parser, token: Token) -> RowNode:
    parts = token.split_contents()
    nodes = parser.parse(("endrow",))
    parser.delete_first_token()
    return RowNode(parser.compile_filter(parts[1]), nodes)


@register.tag("cell")
def do_cell(parser: Parser, token: Token) -> CellNode:
    parts = [part.strip("\"'") for part in token.split_contents()]
    nodes = parser.parse(("endcell",))
    parser.delete_first_token()
    return CellNode(parts[1], parts[2] if len(parts) > 2 else "", nodes)


@register.simple_tag
def gap_cells(figures: Any) -> SafeString:
    """What is asked for and what can be made, as cells of a row; a page has hundreds of such rows."""
    label = _gap_labels(get_language())
    short = icon("exclamation-triangle-fill", _("less than is asked for")) if figures.short else ""
    free = put("{} {}", num(figures.free), short) if short else num(figures.free)
    cells = [_gap_cell(label[0], num(figures.lines)), _gap_cell(label[1], num(figures.rate))]
    cells += [_gap_cell(label[2], free)]
    told = (("bare", "bad"), ("single", "warn"), ("near", ""), ("outside", ""))
    for words, (name, tone) in zip(label[3:], told, strict=True):
        value = getattr(figures, name)
        number = put('<b class="{}">{}</b>', tone, num(value)) if value and tone else num(value)
        cells.append(_gap_cell(words, number, "" if value else " t2"))
    return _joined(cells)


def _gap_cell(label: str, inner: SafeString, css: str = "") -> SafeString:
    return put('<td class="num{}" data-l="{}">{}</td>', css, label, inner)


@lru_cache(maxsize=8)
def _gap_labels(language: str | None) -> tuple[str, ...]:
    return (
        _("Lines"),
        _("Asked a month"),
        _("Free a month"),
        _("Nobody can supply"),
        _("Single source"),
        _("One short"),
        _("Outside"),
    )


@register.filter
def is_shown(table: Table, column: Column) -> bool:
    return column in table.shown
