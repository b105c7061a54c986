"""What a capability as it is being typed would match, lose and could win. Nothing is written.

A supplier is told counts and its own gaps. Demands that it does not see yet count, as they would after
publishing; what they ask is not told. A firm that is not listed yet is compared with open demands only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from alliance.models import Alliance, Organisation
from alliance.selectors import viewer_of
from alliance.templatetags._numbers import days_text, list_text, number_text
from companies.models import Capability, ComponentKey
from companies.selectors import asked_text, component_book, offered_text
from companies.services import Checked
from matching.models import Demand, DemandLine, Introduction, Match
from matching.models.introductions import RUNNING
from matching.selectors import demand_list, heading
from matching.selectors.rules import rule_name
from matching.services.preview.judging import (
    PRICE,
    Asked,
    Judgement,
    Offer,
    judge,
    offer_of,
    read_asked,
    reserved,
    with_holders,
)

SHOWN = 6


@dataclass(frozen=True)
class PreviewLine:
    """A line that the viewer may see, by name."""

    line: Any
    demand: Any
    heading: str


@dataclass(frozen=True)
class Lost:
    """A current match or running introduction that would be gone, and by which rule."""

    line: PreviewLine | None
    why: str
    introduction: Any = None


@dataclass(frozen=True)
class Gain:
    """What would bring more lines: in words, how it is now, which field of the form, how many lines."""

    words: str
    now: str
    field: str
    lines: int


@dataclass
class Preview:
    """The answer. `fits`, `near` and `asked` (for this type at all) count lines; `shown` are seen ones that fit."""

    asked: int = 0
    fits: int = 0
    near: int = 0
    shown: list[PreviewLine] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)
    gains: list[Gain] = field(default_factory=list)
    price_later: bool = False
    untold: list[str] = field(default_factory=list)

    @property
    def more(self) -> int:
        return self.fits - len(self.shown)

    @property
    def introductions(self) -> list[Lost]:
        return [row for row in self.lost if row.introduction is not None]


@dataclass
class _Found:
    """Judgements of all alliances, with what their lines ask."""

    fits: list[Judgement] = field(default_factory=list)
    near: list[Judgement] = field(default_factory=list)
    far: list[Judgement] = field(default_factory=list)
    asked: dict[int, Asked] = field(default_factory=dict)  # by line
    as_of: dict[int, date] = field(default_factory=dict)  # by line


def preview_capability(
    checked: Checked, organisation: Organisation, *, user: Any, capability: Capability | None = None
) -> Preview | None:
    """None while type and place are not known. `capability`: the stored row that is being changed."""
    offer = offer_of(checked, organisation.pk, capability)
    if offer is None:
        return None
    offer = with_holders(offer)
    found = _judged(offer, organisation, user)
    names = _names(user, (j for several in (found.fits, found.near, found.far) for j in several))
    asked = len(found.fits) + len(found.near) + len(found.far)
    preview = Preview(asked=asked, fits=len(found.fits), near=len(found.near))
    preview.shown = [names[j.line_id] for j in found.fits if j.line_id in names][:SHOWN]
    preview.gains = _gains(offer, found, names)
    if capability is not None:
        preview.lost = _lost(capability, found, names, user)
    preview.price_later = offer.price is not None and offer.price != reserved(offer)[0].price
    preview.untold = [name for name in checked.missing if name != "prototype_lead_days"]
    return preview


def _judged(offer: Offer, organisation: Organisation, user: Any) -> _Found:
    """Line by line; demands whose figures suppliers do not read judge the figures that are stored."""
    found = _Found()
    public, confidential = reserved(offer)
    alliances = Alliance.objects.filter(pk__in=viewer_of(user).alliances, as_of__isnull=False)
    for alliance in alliances.order_by("pk"):
        asked = read_asked(alliance, offer)
        if asked is None:
            continue
        open_answers, closed_answers = judge(alliance, asked, (public, confidential))
        hidden, told = _confidential(asked, organisation, user)
        chosen = [j for j in open_answers if j.demand_id not in hidden]
        chosen += [j for j in closed_answers if j.demand_id in hidden]
        for judgement in chosen:
            if told is None or judgement.demand_id in told:
                _sort_in(found, judgement)
                found.asked[judgement.line_id] = asked
                found.as_of[judgement.line_id] = alliance.as_of or date.max
    return found


def _confidential(asked: Asked, organisation: Organisation, user: Any) -> tuple[set[int], set[int] | None]:
    """Demands whose quantities a supplier does not read; and, for an unlisted firm, the ones it may know of."""
    ids = asked.demands["id"].tolist()
    hidden = set(
        Demand.objects.filter(pk__in=ids, confidentiality="introduction").values_list("pk", flat=True)
    )
    if organisation.listed:
        return hidden, None
    return hidden, set(Demand.objects.visible_to(user).filter(pk__in=ids).values_list("pk", flat=True))


def _sort_in(found: _Found, judgement: Judgement) -> None:
    several = (found.fits, found.near, found.far)
    several[min(len(judgement.failed), 2)].append(judgement)


def _names(user: Any, judgements: Iterable[Judgement]) -> dict[int, PreviewLine]:
    """Lines that the viewer may see, with the demand as it may be called."""
    lines = {j.line_id for j in judgements}
    rows = DemandLine.objects.visible_to(user).filter(pk__in=lines).select_related("component_type")
    found = list(rows)
    demands = {d.pk: d for d in demand_list(user).filter(pk__in={row.demand_id for row in found})}
    return {
        row.pk: PreviewLine(row, demands[row.demand_id], heading(demands[row.demand_id]))
        for row in found
        if row.demand_id in demands
    }


# --- what would be lost ---------------------------------------------------------------------------------------
def _lost(capability: Capability, found: _Found, names: dict[int, PreviewLine], user: Any) -> list[Lost]:
    """Lines that it matches today, or that it is being introduced for, and would not match any more."""
    failing = {j.line_id: j for j in (*found.near, *found.far)}
    running = {
        row.line_id: row
        for row in Introduction.objects.visible_to(user).filter(RUNNING, capability=capability)
    }
    matches = Match.objects.current().of_suppliers([capability.organisation_id])
    today = set(matches.filter(capability_id=capability.pk).values_list("line_id", flat=True))
    book = component_book()
    lost = []
    for line, judgement in failing.items():
        if line in today or line in running:
            words = [rule_name(code, book, capability.component_type_id) for code in judgement.failed]
            lost.append(Lost(names.get(line), list_text(words), running.get(line)))
    return sorted(lost, key=lambda row: row.introduction is None)


# --- what would bring more ------------------------------------------------------------------------------------
def _gains(offer: Offer, found: _Found, names: dict[int, PreviewLine]) -> list[Gain]:
    """One rule away, grouped by what would have to be otherwise; only what seen demands ask is told."""
    groups: dict[tuple[str, str], list[Judgement]] = {}
    for judgement in found.near:
        if judgement.line_id in names:
            code = judgement.failed[0]
            groups.setdefault((code, _sort_of_gap(code, judgement, found)), []).append(judgement)
    gains: list[Gain] = []
    keys = {row.key: row for row in ComponentKey.objects.filter(key__in=_keys(groups))}
    book = component_book()
    for (code, _kind), several in groups.items():
        if code.startswith("spec:"):
            key = keys[code.removeprefix("spec:")]
            gains += _spec_gains(key, book.name(key.key, offer.type_id), several, offer, found)
        else:
            gains += _other_gain(code, several, offer, found, names)
    return sorted(gains, key=lambda gain: -gain.lines)[:SHOWN]


def _keys(groups: Iterable[tuple[str, str]]) -> list[str]:
    return [code.removeprefix("spec:") for code, _kind in groups if code.startswith("spec:")]


def _sort_of_gap(code: str, judgement: Judgement, found: _Found) -> str:
    """What is asked alike: `≥` and `≤` add up over their thresholds, anything else only for the same value."""
    if code == "certification":
        return ", ".join(judgement.missing)
    if not code.startswith("spec:"):
        return ""
    _key, op, value = _asks(code, judgement, found)
    return op if op in (">=", "<=") else f"{op} {value}"


def _asks(code: str, judgement: Judgement, found: _Found) -> tuple[int, str, Any]:
    return found.asked[judgement.line_id].requirements[judgement.line_id, code.removeprefix("spec:")]


def _spec_gains(key: Any, name: str, several: list[Judgement], offer: Offer, found: _Found) -> list[Gain]:
    code = f"spec:{key.key}"
    _key, op, value = _asks(code, several[0], found)
    values = [_asks(code, judgement, found)[2] for judgement in several]
    now = _("now %(value)s") % {"value": offered_text(key, offer.specs.get(key.key))}
    anchor = f"spec-{key.key}"
    if op not in (">=", "<="):
        return [Gain(f"{name} {asked_text(key, op, value)}", now, anchor, len(several))]
    rank = key.choices.index if key.kind == "choice" else float
    ordered = sorted(values, key=rank, reverse=op == "<=")
    gains = []
    for threshold in dict.fromkeys([ordered[0], ordered[-1]]):
        limit = rank(threshold)
        won = sum(rank(v) <= limit if op == ">=" else rank(v) >= limit for v in values)
        gains.append(Gain(f"{name} {asked_text(key, op, threshold)}", now, anchor, won))
    return gains


def _other_gain(
    code: str, several: list[Judgement], offer: Offer, found: _Found, names: dict[int, PreviewLine]
) -> list[Gain]:
    count = len(several)
    if code == PRICE:
        return [Gain(_("A lower price"), _("the ceiling is not told"), "unit_price", count)]
    if code == "certification":
        held = list_text(several[0].missing)
        return [
            Gain(
                _("Certificate %(names)s") % {"names": held}, _("not held, or expired"), "certificates", count
            )
        ]
    if code == "time":
        return [_time_gain(several, offer, found)]
    told = [names[j.line_id] for j in several if names[j.line_id].demand.quantities_told]
    if code == "moq":
        now = _("now %(value)s") % {"value": number_text(offer.moq)}
        if not told:
            return [Gain(_("A smaller minimum order"), now, "min_order_quantity", count)]
        most = min(row.line.quantity for row in told)
        words = _("Minimum order ≤ %(count)s") % {"count": number_text(most)}
        return [Gain(words, now, "min_order_quantity", len(told))]
    now = _("now %(value)s") % {"value": number_text(offer.free)}
    if not told:
        return [Gain(_("More free capacity"), now, "capacity_per_month", count)]
    least = max(row.line.monthly_rate for row in told)
    words = _("Free capacity ≥ %(count)s a month") % {"count": number_text(least)}
    return [Gain(words, now, "capacity_per_month", len(told))]


def _time_gain(several: list[Judgement], offer: Offer, found: _Found) -> Gain:
    """The lead time that would be in time everywhere, or the day from which it would have to be available."""
    spans = []
    for judgement in several:
        lines = found.asked[judgement.line_id].lines
        need_by = int(lines["need_by"][lines["id"].tolist().index(judgement.line_id)])
        spans.append((need_by - found.as_of[judgement.line_id].toordinal(), need_by))
    days, need_by = min(spans)
    start = offer.available_from
    if start is not None and start.toordinal() > need_by:
        words = _("Available by %(date)s") % {"date": date.fromordinal(need_by).isoformat()}
        return Gain(words, _("now %(value)s") % {"value": start.isoformat()}, "available_from", len(several))
    now = _("now %(value)s") % {"value": days_text(offer.volume_days or 0)}
    if days <= 0:
        return Gain(_("Delivered sooner"), now, "volume_lead_days", len(several))
    words = _("Volume lead time ≤ %(days)s") % {"days": days_text(days)}
    return Gain(words, now, "volume_lead_days", len(several))
