"""Events of webhooks: what a change means for organisations that asked, and may see what it is about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from alliance.models import Change, Webhook
from alliance.services.webhooks.collecting import address, put, subscribed
from alliance.viewer import Viewer
from companies.models import Capability
from matching.models import CurrentResult, Demand, DemandLine, Introduction, MatchRun
from matching.services.notices.matches import Difference, differences

MOST_PAIRS = 100  # of one message; whoever wants all asks the API
Pairs = dict[int, list[dict[str, str]]]


def introduction(change: Change) -> None:
    """Proposed, and each step that leads to another state."""
    before, after = change.before or {}, change.after or {}
    if change.verb == "proposed" or before.get("state") != after.get("state"):
        _announce("introduction.state_changed", "introductions", change, Introduction)


def demand(change: Change) -> None:
    if change.verb == "published":
        _announce("demand.published", "demands", change, Demand)


def run(change: Change) -> None:
    """Also what the run found and lost; asked before people are told of it, for then it counts as known."""
    if change.verb != "finished":
        return
    _announce("run.finished", "match-runs", change, MatchRun)
    hooks = {event: list(subscribed(event)) for event in ("match.found", "match.lost")}
    row = MatchRun.objects.filter(public_id=change.object_id).first() if any(hooks.values()) else None
    if row is None:
        return
    found = differences(row.pk)
    _announce_pairs("match.found", hooks["match.found"], [(one, one.gained) for one in found], change)
    _announce_pairs("match.lost", hooks["match.lost"], [(one, one.lost) for one in found], change)


def _announce(event: str, resource: str, change: Change, model: Any) -> None:
    rows = model.objects.filter(public_id=change.object_id)
    data = {"id": change.object_id, "url": address(resource, change.object_id)}
    for hook, eyes in subscribed(event):
        if rows.visible_to(eyes).exists():
            subject = f"{change.kind} {change.object_id}"
            put(hook, event, source=f"change:{change.pk}", subject=subject, data=data)


def _announce_pairs(
    event: str, hooks: list[tuple[Webhook, Viewer]], moved: list[tuple[Difference, set[int]]], change: Change
) -> None:
    """One message for each demand; the demand's side hears of all its pairs, a supplier of its own capabilities."""
    moved = [(one, capabilities) for one, capabilities in moved if capabilities]
    for hook, eyes in hooks if moved else []:
        pairs = _visible_pairs(moved, eyes)
        demands = Demand.objects.in_bulk(pairs)
        for key, told in pairs.items():
            public = str(demands[key].public_id)
            data: dict[str, Any] = {
                "demand": public,
                "url": address("demands", public),
                "run": change.object_id,
            }
            data |= {"pairs": told[:MOST_PAIRS], "more": len(told) > MOST_PAIRS}
            source = f"change:{change.pk}:{public}"
            put(hook, event, source=source, subject=f"matches {public}", data=data)


def _visible_pairs(moved: Iterable[tuple[Difference, set[int]]], eyes: Viewer) -> Pairs:
    """Demand → pairs of public ids that these eyes may see."""
    moved = list(moved)
    keys = {one.demand for one, _capabilities in moved}
    behind = set(
        CurrentResult.objects.visible_to(eyes).filter(demand__in=keys).values_list("demand_id", flat=True)
    )
    seen = set(Demand.objects.visible_to(eyes).filter(pk__in=keys).values_list("pk", flat=True))
    named = {key for _one, capabilities in moved for key in capabilities}
    own = dict(
        Capability.objects.filter(pk__in=named, organisation__in=eyes.firms).values_list("pk", "public_id")
    )
    all_of_them = (
        dict(Capability.objects.filter(pk__in=named).values_list("pk", "public_id")) if behind else own
    )
    lines = dict(
        DemandLine.objects.filter(pk__in={one.line for one, _c in moved}).values_list("pk", "public_id")
    )
    pairs: Pairs = defaultdict(list)
    for one, capabilities in moved:
        names = all_of_them if one.demand in behind else own if one.demand in seen else {}
        for key in sorted(capabilities & names.keys()):
            if one.line in lines:
                pairs[one.demand].append({"line": str(lines[one.line]), "capability": str(names[key])})
    return pairs
