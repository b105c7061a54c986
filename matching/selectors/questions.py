"""Lines of demands as what a bureau's question to one firm is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from alliance.selectors.questions import Told
from alliance.selectors.rights import viewer_of
from matching.models import DemandLine
from matching.selectors.demands import demand_list, heading

LINE = "line"


def told_lines(user: Any, questions: Sequence[Any]) -> dict[int, Told]:
    """The line of each question and its demand, as this reader may call it."""
    seen = DemandLine.objects.visible_to(user).filter(public_id__in={q.about_id for q in questions})
    lines = {line.public_id: line for line in seen.select_related("component_type")}
    demands = {d.pk: d for d in demand_list(user).filter(pk__in={line.demand_id for line in lines.values()})}
    found = {}
    for question in questions:
        line = lines.get(question.about_id)
        demand = demands.get(line.demand_id) if line is not None else None
        if line is not None and demand is not None:
            words = _("%(part)s for “%(demand)s”") % {"part": line.component_type, "demand": heading(demand)}
            address = f"{reverse('demand', args=[demand.public_id])}?line={line.public_id}"
            found[question.pk] = Told(words, address, _introducing(user, question, demand))
    return found


def _introducing(user: Any, question: Any, demand: Any) -> str:
    """To the page that proposes the two to each other; only officials read it."""
    if question.kind != "capability" or not viewer_of(user).official or not demand.published:
        return ""
    return f"{reverse('introduce')}?line={question.about_id}&capability={question.object_id}"


def secrets_of_line(user: Any, firm: Any, public_id: UUID) -> list[str] | None:
    """Title, lab and number of the demand as far as this user reads them and the firm does not."""
    line = DemandLine.objects.visible_to(user).filter(public_id=public_id).first()
    if line is None:
        return None
    mine = demand_list(user).filter(pk=line.demand_id).first()
    theirs = demand_list(firm).filter(pk=line.demand_id, published=True).first()
    if mine is None or theirs is None:
        return None
    secret = []
    if mine.told is not None and theirs.told is None:
        secret.append(mine.told.title)
    hidden = theirs.told is None or theirs.told.asker is None
    if mine.told is not None and mine.told.asker is not None and hidden:
        lab = mine.told.asker
        secret += [mine.told.external_id, lab.name_zh, lab.name_en, lab.uscc or ""]
    return [name for name in secret if len(name.strip()) > 1]
