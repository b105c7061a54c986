"""Which column of a bill of materials is which field of a line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from companies.models import ComponentType
from companies.selectors import component_book
from companies.selectors.parameters import ParameterBook
from companies.services.sheets.columns import SPEC, Target, guess_from, is_among, names_of

#: field -> (words, other ways people head that column)
BASICS: dict[str, tuple[str | Promise, tuple[str, ...]]] = {
    "external_id": (
        _("Own id of the line"),
        ("编号", "行号", "物料号", "料号", "序号", "id", "item", "part number", "bom id", "自编号"),
    ),
    "component_type": (
        _("Component type"),
        (
            "部件类型",
            "类型",
            "类别",
            "部件",
            "部件名称",
            "名称",
            "物料名称",
            "type",
            "component",
            "part",
            "name",
        ),
    ),
    "quantity": (_("Quantity"), ("数量", "用量", "总数", "需求数量", "qty", "quantity", "amount")),
    "monthly_rate": (
        _("Monthly rate"),
        ("每月", "月用量", "月需求", "每月数量", "月需求量", "monthly rate", "per month", "a month"),
    ),
    "need_by": (
        _("Need by, if earlier"),
        ("需求日期", "需要日期", "到货日期", "交期", "need by", "due", "due date"),
    ),
    "target_unit_price": (_("Target price (CNY)"), ("目标价", "目标单价", "target price", "target")),
    "ceiling_unit_price": (
        _("Ceiling price (CNY)"),
        ("上限价", "最高价", "最高单价", "限价", "ceiling price", "ceiling", "max price"),
    ),
    "certificates": (_("Certificates asked for"), ("认证", "证书", "资质", "certifications", "certificates")),
    "open_points": (
        _("Open points"),
        ("开放要点", "备注", "说明", "要点", "remarks", "notes", "open points"),
    ),
}
Book = ParameterBook[Any]


def fields_for(types: Iterable[ComponentType], book: Book | None = None) -> list[Target]:
    """What a column can be mapped to: the line's own fields, then parameters that these types have."""
    book = book or component_book()
    found = [Target(name, str(words)) for name, (words, _others) in BASICS.items()]
    seen: set[str] = set()
    for type_ in types:
        for key, row in book.of(type_.pk).items():
            if key not in seen:
                seen.add(key)
                found.append(Target(SPEC + key, str(row), row.key.symbol or row.key.unit))
    return found


def guess(
    header: list[str], types: Iterable[ComponentType], memory: Mapping[str, str]
) -> tuple[dict[str, str], bool]:
    """Column -> field ("" where unknown), and whether all of it is as the lab chose last time."""
    types, book = list(types), component_book()
    keys = {key for type_ in types for key in book.of(type_.pk)}
    return guess_from(header, set(BASICS), keys, names_of(types, book, BASICS), memory)


def is_known(header: list[str]) -> bool:
    """Whether at least one heading is one of ours."""
    return is_among(header, names_of(ComponentType.objects.all(), component_book(), BASICS))
