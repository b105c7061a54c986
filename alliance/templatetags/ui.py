"""Small pieces of a page: icons, numbers with units, states, marks, paging. Text in, safe HTML out."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import structlog
from django import template
from django.conf import settings
from django.forms import CheckboxSelectMultiple, UUIDField
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy, ngettext, pgettext_lazy
from django.utils.translation import gettext as _

from alliance.http import viewed
from alliance.templatetags import _numbers as text
from alliance.templatetags._html import put

register = template.Library()
HAN = re.compile(r"[\u4e00-\u9fff]")

#: The menu of each kind of person: (url name, words). A page that does not exist yet simply does not show.
TODAY = ("dashboard", pgettext_lazy("menu", "Today"))
DEMANDS = ("demands", gettext_lazy("Demands"))
CAPABILITIES = ("capabilities", gettext_lazy("Capabilities"))
SITES = ("sites", gettext_lazy("Sites"))
PIPELINES = ("pipelines", gettext_lazy("Pipelines"))
INTRODUCTIONS = ("introductions", gettext_lazy("Introductions"))
GAPS = ("gaps", pgettext_lazy("menu", "Gaps"))
MEETINGS = ("meetings", gettext_lazy("Meetings"))
OFFICIAL_MENU = (
    TODAY,
    DEMANDS,
    CAPABILITIES,
    ("firms", gettext_lazy("Firms")),
    SITES,
    PIPELINES,
    INTRODUCTIONS,
    GAPS,
    MEETINGS,
)
#: For firms by what they do: a supplier is not offered pages that would always be empty for it.
FIRM_MENU: tuple[tuple[str, Any, frozenset[str]], ...] = (
    (*TODAY, frozenset()),
    (*CAPABILITIES, frozenset({"manufacturer", "integrator", "service"})),
    ("matches", gettext_lazy("My matches"), frozenset({"manufacturer", "integrator", "service", "rnd"})),
    (*DEMANDS, frozenset()),
    (*PIPELINES, frozenset({"rnd"})),
    (*SITES, frozenset({"operator"})),
    ("opportunities", gettext_lazy("Opportunities"), frozenset({"manufacturer", "integrator", "operator"})),
    (*INTRODUCTIONS, frozenset()),
    ("imports", gettext_lazy("Import"), frozenset({"manufacturer", "integrator", "service", "rnd"})),
)
#: Behind the account button: what is needed now and then.
MORE_OFFICIAL = (
    ("opportunities", gettext_lazy("Opportunities"), "flag-fill"),
    ("runs", gettext_lazy("Runs"), "cpu"),
    ("cities", gettext_lazy("Cities"), "geo-alt"),
    ("alliance-settings", gettext_lazy("Alliance settings"), "sliders"),
    ("my-calendar", gettext_lazy("My dates (.ics)"), "calendar3"),
)
MORE_FIRM = (
    ("firms", gettext_lazy("Firms"), "building"),
    ("sites", gettext_lazy("Sites"), "geo-alt"),
    ("gaps", gettext_lazy("Supply gaps"), "graph-up"),
)
#: How many things wait behind a menu entry: (url name) → asked once for a page. Filled by the apps above.
BADGES: dict[str, Callable[[Any], int]] = {}

#: A tone is a colour with its usual icon; the word beside it always carries the meaning alone.
TONES = {
    "ok": "check-circle-fill",
    "warn": "exclamation-triangle-fill",
    "bad": "x-octagon-fill",
    "mute": "dash-circle",
    "accc": "info-circle",
}
MESSAGE_TONES = {"success": "ok", "warning": "warn", "error": "bad"}


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """One symbol of the vendored sprite; decorative unless it is given a label."""
    return _symbol(name, str(label), settings.STATIC_URL)


@lru_cache(maxsize=2048)
def _symbol(name: str, label: str, _root: str) -> SafeString:
    """A page shows a hundred of them."""
    address = static("vendor/icons/icons.svg")
    if label:
        return put(
            '<svg class="bi" role="img" aria-label="{}"><use href="{}#{}"/></svg>', label, address, name
        )
    return put('<svg class="bi" aria-hidden="true"><use href="{}#{}"/></svg>', address, name)


@register.simple_tag
def state(tone: str, words: str, symbol: str = "", pill: bool = False) -> SafeString:
    """Icon + word + colour: never colour alone."""
    return put(
        '<span class="st {}{}">{}{}</span>', "pill " if pill else "", tone, icon(symbol or TONES[tone]), words
    )


@register.simple_tag
def num(
    value: text.Number | None, unit: str = "", digits: int | None = None, sign: bool = False
) -> SafeString:
    """A number with its unit small and grey behind it; a dash when there is none."""
    return _number(value, type(value).__name__, unit, digits, sign, get_language())


@lru_cache(maxsize=8192)
def _number(
    value: text.Number | None, _kind: str, unit: str, digits: int | None, sign: bool, _language: str | None
) -> SafeString:
    """The same few numbers stand in many cells."""
    return with_unit(text.number_text(value, digits, sign=sign), text.unit_text(unit))


def with_unit(number: str, unit: str) -> SafeString:
    if not unit or number == text.MISSING:
        return put('<span class="n">{}</span>', number)
    return put('<span class="n">{}<span class="u">{}</span></span>', number, unit)


@register.simple_tag
def big(value: text.Number | None, unit: str = "") -> SafeString:
    """A headline figure: 万/亿 in Chinese, separated thousands in English."""
    return with_unit(text.compact_text(value), text.unit_text(unit))


@register.simple_tag
def count(value: text.Number | None, kind: str, sign: bool = False) -> SafeString:
    """How many of what: ``2,880 pcs``, ``+4 offers``; kinds as in ``count_unit``."""
    return with_unit(text.number_text(value, sign=sign), text.count_unit(kind, value))


@register.simple_tag
def days(value: text.Number | None, digits: int | None = None, sign: bool = False) -> SafeString:
    if value is None:
        return with_unit(text.MISSING, "")
    if digits is None:
        digits = 0 if float(value).is_integer() else 1
    return with_unit(text.number_text(value, digits, sign=sign), text.days_unit(value))


@register.simple_tag
def gap(words: str, share: float | None = None) -> SafeString:
    """A gap in the user's unit first, the percentage after."""
    if share is None:
        return put('<span class="gap">{}</span>', words)
    digits = 0 if share >= 0.1 else 1
    return put(
        '<span class="gap">{}</span> <span class="t2">{}</span>', words, text.percent_text(share, digits)
    )


register.filter("number", text.number_text)
register.filter("compact", text.compact_text)
register.filter("minutes", text.minutes_text)
register.filter("unit", text.unit_text)
register.filter("listed", text.list_text)


@register.filter
def percent(fraction: float | None, digits: int = 0) -> str:
    return text.percent_text(fraction, digits)


@register.filter
def one_language(words: str) -> str:
    """Of a remark that reference data hold in both languages, "中文 / English", the reader's; of any other all."""
    parts = [part.strip() for part in (words or "").split(" / ")]
    chinese = [bool(HAN.search(part)) for part in parts]
    if sorted(chinese) != [False, True]:
        return words
    return parts[chinese.index(get_language() != "en")]


@register.filter
def signed(value: text.Number | None, digits: int = 1) -> str:
    """A difference with its sign."""
    return text.number_text(value, digits, sign=True)


@register.filter
def score(value: float | None) -> str:
    """Scores and degrees always carry three decimals, so that columns compare."""
    return text.number_text(value, 3)


@register.filter
def day(value: date | datetime | None) -> str:
    if value is None:
        return text.MISSING
    return put('<time class="nw" datetime="{}">{}</time>', value.isoformat(), text.date_text(value))


@register.filter
def moment(value: datetime | None) -> str:
    if value is None:
        return text.MISSING
    return put('<time class="nw" datetime="{}">{}</time>', value.isoformat(), text.moment_text(value))


@register.simple_tag
def sample(fictitious: bool) -> SafeString:
    """The mark 示例 that every fictitious firm, demand and site carries."""
    return put(' <span class="mk">{}</span>', _("Example")) if fictitious else SafeString()


@register.simple_tag
def verified(is_verified: bool) -> SafeString:
    if is_verified:
        return state("ok", _("verified"), "patch-check-fill")
    return state("mute", _("not verified"), "question-circle")


@register.simple_tag
def firm_link(organisation: Any) -> SafeString:
    """The firm's name, a link to its page where the viewer may open it, and its marks."""
    name = conditional_escape(str(organisation))
    if getattr(organisation, "seen", True) and organisation.kind == "firm":
        name = put('<a class="b" href="{}">{}</a>', reverse("firm", args=[organisation.public_id]), name)
    return put("{}{}", name, sample(organisation.fictitious))


@register.simple_tag
def supply(feasible: int, near: int) -> SafeString:
    """The state of one demand line in words: how many can supply, or how near it is."""
    tone, words, symbol = supply_words(feasible, near)
    return state(tone, words, symbol)


def supply_words(feasible: int, near: int) -> tuple[str, str, str]:
    if feasible > 1:
        return "ok", _("%(count)d can supply") % {"count": feasible}, "check-circle-fill"
    if feasible == 1:
        return "warn", _("single source"), "1-circle-fill"
    if near:
        return (
            "warn",
            ngettext(
                "none, %(count)d firm one requirement short",
                "none, %(count)d firms one requirement short",
                near,
            )
            % {"count": near},
            "bullseye",
        )
    return "bad", _("no supplier"), "x-octagon-fill"


@register.simple_tag(takes_context=True)
def theme(context: template.Context) -> str:
    """The chosen theme; anything else a cookie may say is light."""
    request = context.get("request")
    return "dark" if request is not None and request.COOKIES.get("theme") == "dark" else "light"


@register.simple_tag(takes_context=True)
def menu(context: template.Context) -> list[dict[str, Any]]:
    """The menu entries of this person whose pages exist, the current one marked."""
    request = context.get("request")
    if request is None:
        return []
    entries = []
    for name, words in _menu_of(request):
        address = _address(name)
        if address:
            current = request.path == address if address == "/" else request.path.startswith(address)
            count = BADGES[name](request.user) if name in BADGES else 0
            entries.append({"address": address, "words": words, "current": current, "count": count})
    return entries


def _menu_of(request: Any) -> Sequence[tuple[str, Any]]:
    if _is_official(request):
        return OFFICIAL_MENU if _at_a_bureau(request) else [row for row in OFFICIAL_MENU if row != MEETINGS]
    roles = {role for seat in viewed(request).seats for role in seat.organisation.roles}
    return [(name, words) for name, words, needs in FIRM_MENU if not needs or not roles or needs & roles]


def _is_official(request: Any) -> bool:
    return request.user.is_superuser or _at_a_bureau(request)


def _at_a_bureau(request: Any) -> bool:
    return any(seat.organisation.kind == "bureau" for seat in viewed(request).seats)


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


@register.simple_tag(takes_context=True)
def more_menu(context: template.Context) -> list[dict[str, Any]]:
    """What stands behind the account button, for this person."""
    request = context["request"]
    rows = MORE_OFFICIAL if _is_official(request) else MORE_FIRM
    shown = {name for name, _words in _menu_of(request)}
    found = [(name, words, symbol, _address(name)) for name, words, symbol in rows if name not in shown]
    return [
        {"address": address, "words": words, "symbol": symbol}
        for _name, words, symbol, address in found
        if address
    ]


@register.simple_tag
def request_id() -> str:
    """The number of this request in the log; known even where no request reaches the template."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


@register.filter
def message_tone(level_tag: str) -> str:
    return MESSAGE_TONES.get(level_tag, "accc")


@register.filter
def tone_icon(tone: str) -> str:
    return TONES[tone]


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: str | None) -> str:
    """The present query string with some parameters changed; None takes one out."""
    params = context["request"].GET.copy()
    for key, value in changes.items():
        if value is None:
            params.pop(key, None)
        else:
            params[key] = value
    encoded = params.urlencode()
    return f"?{encoded}" if encoded else "?"


#: Fields that programs and links use; on a page the switcher and the links themselves stand for them.
QUIET_FIELDS = {"alliance", "look", "side"}


@register.filter
def shown_fields(form: Any) -> list[Any]:
    return [bound for bound in form if not _is_quiet(bound) and not bound.name.startswith("p_")]


@register.filter
def value_fields(form: Any) -> list[Any]:
    """Filters by the parameters of a chosen type: many, so they fold."""
    return [bound for bound in form if bound.name.startswith("p_")]


@register.filter
def any_told(fields: Sequence[Any]) -> bool:
    return any(bound.data for bound in fields)


@register.filter
def told_count(fields: Sequence[Any]) -> int:
    """How many filters are set; on a phone the bar is folded and says only this."""
    return sum(1 for bound in fields if bound.data and bound.name != "sort")


@register.filter
def quiet_fields(form: Any) -> list[Any]:
    """Fields that keep their value unseen, so that the other filters narrow what a link opened."""
    return [bound for bound in form if _is_quiet(bound) and bound.data]


def _is_quiet(bound: Any) -> bool:
    return bound.name in QUIET_FIELDS or isinstance(bound.field, UUIDField)


@register.inclusion_tag("components/_field.html")
def field(bound: Any, wide: bool = False) -> dict[str, Any]:
    """One labelled field of a form, its errors tied to it for a screen reader; several ticks as a group."""
    widget = bound.field.widget
    if isinstance(widget, CheckboxSelectMultiple):
        return {"bound": bound, "ticks": True}
    kind = "form-select" if getattr(widget, "input_type", "") == "select" else "form-control"
    attrs = {"class": f"{kind} is-invalid" if bound.errors else kind}
    if bound.errors:
        attrs |= {"aria-invalid": "true", "aria-describedby": f"{bound.auto_id}_errors"}
    file = getattr(widget, "input_type", "") == "file"
    return {"bound": bound, "control": bound.as_widget(attrs=attrs), "wide": wide, "file": file}
