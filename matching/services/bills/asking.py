"""A requirement as people write it in one cell, "≥ 12 N·m (soft, weight 3, tolerance 10%)", read and written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from alliance.templatetags._numbers import list_text
from companies.services.inputs import ungrouped
from companies.specs import Parameter

#: What may stand before a value -> the operator.
BEFORE: list[tuple[str, str]] = [
    (r"≥|>=|＞=|≧|不小于|不低于|不少于|至少|最小|最低|at least|min\.?(?=\s|\d)", ">="),
    (r"≤|<=|＜=|≦|不大于|不高于|不超过|至多|最大|最高|at most|max\.?(?=\s|\d)", "<="),
    (r"覆盖|涵盖|covers?", "covers"),
    (r"介于|between", "between"),
    (r"==?|＝|等于|exactly", "="),
    (r"之一|任一|one of", "one_of"),
]
AFTER: list[tuple[str, str]] = [
    (r"(?:及|或)?以上|起|or more|and above", ">="),
    (r"(?:及|或)?以下|or less|and below", "<="),
]
STRICT = re.compile(r"^\s*[<>＜＞](?!=)")
_APART = re.compile(r"\s*(?:\||｜|\n)\s*")
_PAIR = re.compile(r"\s*(?:~|～|—|–|至|\bto\b)\s*", re.IGNORECASE)
_HYPHEN = re.compile(r"(?<=\d)\s*[-－]\s*(?=\d)")
_BRACKET = re.compile(r"[(（\[【]([^()（）\[\]【】]*)[)）\]】]\s*$")
_SOFT, _HARD = re.compile(r"软|加分|\bsoft\b", re.IGNORECASE), re.compile(r"硬|必须|\bhard\b", re.IGNORECASE)
_WEIGHT = re.compile(r"(?:权重|权|weight)\s*[:：=]?\s*(\d+(?:\.\d+)?)", re.IGNORECASE)
_TOLERANCE = re.compile(r"(?:容差|tolerance)\s*[:：=]?\s*([\d.eE+-]*\d)\s*[%％]", re.IGNORECASE)
_TAIL = re.compile(r"[\s,，;；、]+$")
YES, NO = {"yes", "true", "1", "是", "有", "√", "y", "要"}, {"no", "false", "0", "否", "无", "×", "n", "不要"}


class CellError(ValueError):
    """The cell cannot be read; `better` is what was probably meant."""

    def __init__(self, words: str, better: str = "") -> None:
        super().__init__(words)
        self.words, self.better = words, better


def read_cell(parameter: Parameter, cell: Any, *, unit: str, zh: dict[str, str], better: str) -> list[Any]:
    """Raw requirements of one cell, several of them apart by "|". CellError where it says no requirement.

    `unit`: of numbers without one; `zh`: Chinese name -> choice; `better`: "higher", "lower" or "".
    """
    if isinstance(cell, bool):
        cell = "yes" if cell else "no"
    if isinstance(cell, int | float):
        cell = repr(int(cell) if isinstance(cell, float) and cell.is_integer() else cell)
    parts = [part for part in _APART.split(str(cell).strip()) if part]
    return [_one(parameter, part, unit, zh, better) for part in parts]


def _one(parameter: Parameter, text: str, unit: str, zh: dict[str, str], better: str) -> dict[str, Any]:
    bare, told = _manner(parameter, text)
    found: dict[str, Any] = {"key": parameter.key, **told}
    if parameter.kind == "bool":
        word = bare.removeprefix("is ").strip().lower()
        return found | {"op": "is", "value": True if word in YES else False if word in NO else bare}
    if parameter.kind == "choice":
        return found | _choices(parameter, bare, zh)
    return found | _quantity(parameter, bare, unit, better)


def _manner(parameter: Parameter, text: str) -> tuple[str, dict[str, Any]]:
    """(the text without it, hard or soft with weight and tolerance)."""
    bracket = _BRACKET.search(text)
    words = bracket[1] if bracket else "" if parameter.kind == "choice" else text
    soft, hard = _SOFT.search(words), _HARD.search(words)
    weight, tolerance = _WEIGHT.search(words), _TOLERANCE.search(words)
    if not (soft or hard or weight or tolerance):
        return text.strip(), {}
    bare = text[: bracket.start()] if bracket else text
    for mark in (_WEIGHT, _TOLERANCE, _SOFT, _HARD):
        bare = bare if bracket else mark.sub("", bare)
    told: dict[str, Any] = {"hard": bool(hard) or not (soft or weight or tolerance)}
    told |= {"weight": _plain(weight[1])} if weight else {}
    told |= {"tolerance": _share(tolerance[1])} if tolerance else {}
    return _TAIL.sub("", bare.strip()), told


def _plain(text: str) -> float:
    value = float(text)
    return int(value) if value.is_integer() else value


def _share(text: str) -> float:
    """A percentage as a share, to the last digit: what was written comes back as it was."""
    try:
        return float(Decimal(text) / 100)
    except InvalidOperation:
        raise CellError(_("The tolerance is a percentage, for example 20%.")) from None


def _operator(text: str) -> tuple[str, str]:
    for mark, op in BEFORE:
        match = re.match(rf"\s*(?:{mark})\s*", text, re.IGNORECASE)
        if match:
            return op, text[match.end() :].strip()
    for mark, op in AFTER:
        match = re.search(rf"\s*(?:{mark})\s*$", text, re.IGNORECASE)
        if match and match.start():
            return op, text[: match.start()].strip()
    return "", text.strip()


def _choices(parameter: Parameter, text: str, zh: dict[str, str]) -> dict[str, Any]:
    op, rest = _operator(text)
    named = {choice.lower(): choice for choice in parameter.choices}
    named |= {words.lower(): choice for words, choice in zh.items()}
    parts = [rest] if rest.lower() in named else [p for p in re.split(r"[;；、]", rest) if p.strip()]
    if any(part.strip().lower() not in named for part in parts):
        parts = [part for part in re.split(r"[;；、,，/]", rest) if part.strip()]
    values = [named.get(part.strip().lower(), part.strip()) for part in parts]
    if op in (">=", "<="):
        return {"op": op, "value": values[0] if len(values) == 1 else rest}
    return {"op": "one_of", "value": values}


def _quantity(parameter: Parameter, text: str, unit: str, better: str) -> dict[str, Any]:
    if STRICT.match(text):
        sign = "≥" if text.strip()[0] in ">＞" else "≤"
        raise CellError(
            _("Write ≥ for “at least” and ≤ for “at most”."), f"{sign} {text.strip()[1:].strip()}"
        )
    op, rest = _operator(text)
    pair = [part for part in _PAIR.split(_HYPHEN.sub(" ~ ", rest)) if part]
    if len(pair) == 2 and op in ("", "between", "covers"):
        unit_after = unit if _is_number(pair[1]) else _unit_of(pair[1])
        low = _with_unit(pair[0], unit_after)
        return {"op": op or _bare_range(parameter), "value": [low, _with_unit(pair[1], unit)]}
    if not op:
        sign = "≤" if better == "lower" else "≥"
        raise CellError(
            _("Say how it compares: ≥ at least, ≤ at most, = exactly, or a range 10 ~ 20."), f"{sign} {rest}"
        )
    return {"op": op, "value": _with_unit(rest, unit)}


def _bare_range(parameter: Parameter) -> str:
    """A range asked of a range has to be covered; asked of a number it holds the number."""
    return "covers" if parameter.kind == "range" else "between"


def _is_number(text: str) -> bool:
    try:
        float(ungrouped(text))
    except ValueError:
        return False
    return True


def _unit_of(text: str) -> str:
    return re.sub(r"^\s*[+-]?[\d.,eE+-]*\s*", "", text).strip()


def _with_unit(text: str, unit: str) -> Any:
    bare = ungrouped(text)
    if not _is_number(bare):
        return bare
    return f"{bare} {unit}" if unit else float(bare)


# --- writing -------------------------------------------------------------------------------------
SIGNS = {">=": "≥", "<=": "≤", "=": "="}


def cell_of(asked: Iterable[Any], kind: str) -> str:
    """The requirements on one parameter, in the words that `read_cell` reads; numbers in the heading's unit."""
    return " | ".join(_written(row, kind) for row in asked)


def _written(row: Any, kind: str) -> str:
    words, manner = _value_words(row.op, row.value, kind), _manner_words(row)
    return _("%(asked)s (%(manner)s)") % {"asked": words, "manner": list_text(manner)} if manner else words


def _value_words(op: str, value: Any, kind: str) -> str:
    if op == "is":
        return _("yes") if value else _("no")
    if op in ("between", "covers"):
        plain = op == ("covers" if kind == "range" else "between")
        word = "" if plain else f"{_('covers')} " if op == "covers" else f"{_('between')} "
        return f"{word}{_exact(value[0])} ~ {_exact(value[1])}"
    if op == "one_of":
        return "; ".join(value)
    return f"{SIGNS[op]} {value if isinstance(value, str) else _exact(value)}"


def _exact(value: float) -> str:
    return repr(int(value)) if float(value).is_integer() and abs(value) < 2**53 else repr(float(value))


def _manner_words(row: Any) -> list[str]:
    """Nothing for a plain hard requirement."""
    told = [] if row.hard else [_("soft")]
    if row.weight != 1:
        told.append(_("weight %(n)s") % {"n": _exact(row.weight)})
    if row.tolerance != 0.2:
        told.append(_("tolerance %(n)s%%") % {"n": f"{(Decimal(repr(row.tolerance)) * 100).normalize():f}"})
    if row.hard and told:
        told.insert(0, _("hard"))
    return told
