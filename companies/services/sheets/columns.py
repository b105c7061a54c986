"""Which column is which field: by key, by the names of a parameter, by what people call a basic field."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from companies.models import ComponentType
from companies.selectors.parameters import ParameterBook, component_book
from companies.specs import UnitError
from companies.specs.units import parse_unit

#: field -> (words, other ways people head that column)
BASICS: dict[str, tuple[str | Promise, tuple[str, ...]]] = {
    "external_id": (
        _("Own id"),
        (
            "编号",
            "外部编号",
            "物料号",
            "料号",
            "型号编码",
            "id",
            "external id",
            "part number",
            "sku",
            "自编号",
        ),
    ),
    "component_type": (_("Component type"), ("部件类型", "类型", "类别", "type", "category", "部件")),
    "title": (_("Title"), ("名称", "产品名称", "型号", "name", "model", "标题", "产品")),
    "facility": (
        _("Plant"),
        ("工厂", "厂区", "生产地", "生产地点", "where it is made", "facility", "plant", "site"),
    ),
    "capacity_per_month": (_("Capacity a month"), ("月产能", "产能", "monthly capacity", "capacity")),
    "committed_per_month": (_("Committed a month"), ("已占用产能", "已占用", "committed")),
    "min_order_quantity": (_("Minimum order"), ("起订量", "最小起订量", "moq", "min order")),
    "prototype_lead_days": (
        _("Prototype lead time (days)"),
        ("打样周期", "打样天数", "打样交期", "prototype lead"),
    ),
    "volume_lead_days": (
        _("Volume lead time (days)"),
        ("交期", "量产交期", "交货期", "lead time", "volume lead"),
    ),
    "unit_price": (_("Unit price (CNY)"), ("单价", "价格", "不含税单价", "price", "unit price")),
    "certificates": (_("Certificates"), ("认证", "证书", "资质", "certifications", "certificate")),
    "available_from": (_("Available from"), ("起供日期", "可供日期", "可接单日期", "available from")),
    "valid_until": (_("Valid until"), ("有效期至", "有效期", "valid until")),
}
SPEC = "spec:"
_KEY = re.compile(r"\[([a-z0-9_]+)\]\s*$")
_UNIT = re.compile(r"[(（]([^()（）]{1,20})[)）]")


@dataclass(frozen=True)
class Target:
    """A field that a column can be mapped to."""

    name: str
    words: str
    unit: str = ""


def plain(text: Any) -> str:
    """A heading for comparing: no case, no width, no blanks, no unit in brackets."""
    shown = unicodedata.normalize("NFKC", str(text or "")).lower()
    shown = re.sub(r"\([^()]*\)|\[[^\[\]]*\]", "", shown)
    return re.sub(r"[\s_\-/·.:*]+", "", shown)


def fields_for(types: Iterable[ComponentType], book: ParameterBook[Any] | None = None) -> list[Target]:
    """Basic fields and the parameters of these types, each key once."""
    book = book or component_book()
    found = [Target(name, str(words)) for name, (words, _others) in BASICS.items()]
    seen: set[str] = set()
    for type_ in types:
        for key, row in book.of(type_.pk).items():
            if key not in seen:
                seen.add(key)
                found.append(Target(SPEC + key, str(row), row.key.symbol or row.key.unit))
    return found


def _names(types: Iterable[ComponentType], book: ParameterBook[Any]) -> dict[str, str]:
    """Plain heading -> field."""
    return names_of(types, book, BASICS)


def names_of(
    types: Iterable[ComponentType],
    book: ParameterBook[Any],
    basics: Mapping[str, tuple[str | Promise, tuple[str, ...]]],
) -> dict[str, str]:
    """Plain heading -> field, of parameters and of basic fields."""
    names: dict[str, str] = {}
    for type_ in types:
        for key, row in book.of(type_.pk).items():
            for words in (key, row.name_zh, row.name_en):
                names.setdefault(plain(words), SPEC + key)
    for name, (words, others) in basics.items():
        for each in (name, words, *others):
            names[plain(each)] = name
    return names


def guess(
    header: list[str], types: Iterable[ComponentType], memory: Mapping[str, str]
) -> tuple[dict[str, str], bool]:
    """Column -> field ("" where unknown), and whether all of it is as the firm chose last time."""
    book = component_book()
    types = list(types)
    keys = {key for type_ in types for key in book.of(type_.pk)}
    return guess_from(header, set(BASICS), keys, _names(types, book), memory)


def guess_from(
    header: list[str], basics: set[str], keys: set[str], names: Mapping[str, str], memory: Mapping[str, str]
) -> tuple[dict[str, str], bool]:
    """The same for any table: basic fields, parameter keys, and plain headings -> field."""
    mapping: dict[str, str] = {}
    taken: set[str] = set()
    remembered = bool(header)
    for number, heading in enumerate(header):
        bracket = _KEY.search(heading)
        field = ""
        if bracket and bracket[1] in basics:
            field = bracket[1]
        elif bracket and bracket[1] in keys:
            field = SPEC + bracket[1]
        elif heading in memory:
            field = memory[heading]
        else:
            field = names.get(plain(heading), "")
            remembered = False
        mapping[str(number)] = "" if field in taken else field
        taken |= {field} - {""}
    return mapping, remembered


def is_known(header: list[str]) -> bool:
    """Whether at least one heading is one of ours."""
    return is_among(header, _names(ComponentType.objects.all(), component_book()))


def is_among(header: list[str], names: Mapping[str, str]) -> bool:
    return any(plain(heading) in names or _KEY.search(heading) for heading in header)


def unit_in(heading: str) -> str:
    """The unit that a heading names in brackets, if it is one."""
    match = _UNIT.search(heading)
    if match is None or match[1] == "1":
        return ""
    try:
        parse_unit(match[1])
    except UnitError:
        return ""
    return match[1]
