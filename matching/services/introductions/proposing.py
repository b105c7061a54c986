"""Proposing: a pair of a match or near miss, or a whole pipeline as one project."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.changes import record
from alliance.choices import IntroductionState as State
from alliance.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from alliance.models import CityCare, Organisation
from alliance.selectors import viewer_of
from companies.models import Capability
from matching.models import (
    CurrentResult,
    Demand,
    DemandLine,
    Introduction,
    IntroductionBasis,
    IntroductionStep,
    Match,
    NearMiss,
    Pipeline,
    Project,
    SiteMatch,
)
from matching.services.introductions.disclosing import disclose, hold_firms
from matching.services.introductions.milestones import plan_milestones
from matching.services.introductions.moves import check_due
from scenarios.models import Site

ANSWER_DAYS = 7


def introduce(
    *,
    user: Any,
    line: DemandLine | None = None,
    capability: Capability | None = None,
    demand: Demand | None = None,
    site: Site | None = None,
    project: Project | None = None,
    note: str = "",
    due_on: date | None = None,
) -> Introduction:
    """Propose a line and a capability, or a demand and a site, to each other. Officials of the alliance only."""
    asked = line.demand if line is not None else demand
    if asked is None:
        raise DomainError(_("Say which line or demand."), field="line")
    _may_propose(asked, user)
    check_due(due_on)
    basis = _basis(asked, line, capability, site, user)
    _not_declined(asked, line, capability, site)
    offering = capability or site
    supplier = offering.organisation if offering is not None else None
    if supplier is None:
        raise DomainError(_("Say which capability or site."), field="capability")
    if supplier.pk == asked.owner_id:
        raise ConflictError(_("A firm is not introduced to itself."))
    _let_in(asked.owner, supplier)
    row = Introduction(
        project=project,
        demand=asked,
        line=line,
        capability=capability,
        site=site,
        lab=asked.owner,
        supplier=supplier,
        lab_bureau=_bureau(asked.lab_city_id, user),
        supplier_bureau=_bureau(_city(capability, site), user),
        opened_by=user,
        turn=supplier,
        due_on=due_on or timezone.localdate() + timedelta(days=ANSWER_DAYS),
        capability_version=capability.version if capability is not None else site.version if site else 0,
        demand_version=asked.version,
    )
    return _save(row, basis, user, note)


def _let_in(*firms: Organisation) -> None:
    if any(firm.suspended for firm in firms):
        raise ConflictError(_("One of the two is suspended: nobody is introduced to it meanwhile."))


def _save(row: Introduction, basis: IntroductionBasis, user: Any, note: str) -> Introduction:
    with transaction.atomic():
        hold_firms([row.lab_id, row.supplier_id])
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError as error:
            raise ConflictError(_("These two have been introduced already.")) from error
        basis.introduction = row
        basis.save(force_insert=True)
        mine = viewer_of(user).bureaus
        own = next((b for b in (row.lab_bureau_id, row.supplier_bureau_id) if b in mine), row.lab_bureau_id)
        IntroductionStep.objects.create(
            introduction=row,
            move="propose",
            state=State.PROPOSED,
            by=user,
            by_organisation_id=own,
            turn=row.turn,
            due_on=row.due_on,
            note=note[:4000],
        )
        disclose(row)
        after = {
            "state": row.state,
            "turn": str(row.supplier.public_id),
            "due_on": str(row.due_on),
            "version": 1,
        }
        record("proposed", "introduction", str(row.public_id), after=after)
    return row


def introduce_pipeline(
    *, user: Any, demand: Demand, site: Site | None, note: str = "", due_on: date | None = None
) -> Project:
    """The whole team and the site's operator in one step: everything is proposed, or nothing."""
    _may_propose(demand, user)
    found = Pipeline.objects.visible_to(user).current().filter(demand_id=demand.pk)
    pipeline = found.filter(site_id=site.pk if site else None).first()
    if pipeline is None:
        raise NotFoundError(_("There is no such pipeline any more: look at the newest results."))
    with transaction.atomic():
        project = Project.objects.create(demand=demand, site=site, opened_by=user)
        record("proposed", "project", str(project.public_id), after={"demand": str(demand.public_id)})
        plan_milestones(project, pipeline)
        pairs = open_pairs(demand, pipeline, site)
        suppliers = [(pair.get("capability") or pair["site"]).organisation_id for pair in pairs]
        hold_firms([demand.owner_id, *suppliers])
        proposed = [introduce(user=user, project=project, note=note, due_on=due_on, **pair) for pair in pairs]
        if not proposed:
            raise ConflictError(_("Everybody in this pipeline has been introduced already."))
    return project


def open_pairs(demand: Demand, pipeline: Pipeline, site: Site | None) -> list[dict[str, Any]]:
    """The pairs of a pipeline that nobody has introduced yet and that were not declined as they stand."""
    chosen = {m["line"]: m["capability"] for m in pipeline.team if m["capability"] is not None}
    lines = DemandLine.objects.select_related("demand__owner").in_bulk(chosen)
    offers = Capability.objects.select_related("organisation", "facility").in_bulk(chosen.values())
    pairs: list[dict[str, Any]] = [
        {"line": lines[line], "capability": offers[capability]}
        for line, capability in chosen.items()
        if line in lines and capability in offers
    ]
    if site is not None and site.organisation_id != demand.owner_id:
        pairs.append({"demand": demand, "site": site})
    return [pair for pair in pairs if not _in_the_way(pair)]


def _in_the_way(pair: dict[str, Any]) -> bool:
    rows = _of_pair(pair.get("demand"), pair.get("line"), pair.get("capability"), pair.get("site"))
    return rows.exclude(state=State.DECLINED).exists() or _still_declined(pair) is not None


def _still_declined(pair: dict[str, Any]) -> Introduction | None:
    demand = pair["line"].demand if pair.get("line") else pair["demand"]
    offer = pair.get("capability") or pair.get("site")
    rows = _of_pair(pair.get("demand"), pair.get("line"), pair.get("capability"), pair.get("site"))
    same = Q(demand_version=demand.version, capability_version=getattr(offer, "version", 0))
    return rows.filter(same, state=State.DECLINED).order_by("-id").first()


def _of_pair(demand: Any, line: Any, capability: Any, site: Any) -> Any:
    if line is not None:
        return Introduction.objects.filter(line=line, capability=capability)
    return Introduction.objects.filter(demand=demand, site=site)


def _not_declined(demand: Demand, line: Any, capability: Any, site: Any) -> None:
    """A declined pair is not proposed again as it stands; when the demand or the offer has changed it may be."""
    row = _still_declined({"demand": demand, "line": line, "capability": capability, "site": site})
    if row is not None:
        raise ConflictError(
            _("Declined on %(day)s: “%(reason)s”. Nothing has changed since; open that introduction again.")
            % {"day": timezone.localdate(row.updated_at), "reason": row.declined_reason}
        )


def _may_propose(demand: Demand, user: Any) -> None:
    if not CurrentResult.objects.visible_to(user).filter(demand=demand).exists():
        raise NotFoundError(_("There is no such demand."))
    if not viewer_of(user).official:
        raise ForbiddenError(_("Bureaus introduce firms to each other."))


def _basis(demand: Demand, line: Any, capability: Any, site: Any, user: Any) -> IntroductionBasis:
    """The match, near miss or site match that the proposal rests on, as it is now."""
    as_of = CurrentResult.objects.visible_to(user).values_list("as_of", flat=True).get(demand=demand)
    if line is not None and capability is not None:
        pair = {"demand_id": demand.pk, "line_id": line.pk, "capability_id": capability.pk}
        match = Match.objects.visible_to(user).current().filter(**pair).first()
        if match is not None:
            return IntroductionBasis(as_of=as_of, rank=match.rank, score=match.score)
        miss = NearMiss.objects.visible_to(user).current().filter(**pair).first()
        if miss is not None:
            return IntroductionBasis(as_of=as_of, failed_rule=miss.code)
        if _in_a_team(demand, line, capability, user):
            return IntroductionBasis(as_of=as_of)
    elif site is not None:
        fits = (
            SiteMatch.objects.visible_to(user).current().filter(demand_id=demand.pk, site_id=site.pk).first()
        )
        if fits is not None:
            return IntroductionBasis(as_of=as_of, rank=fits.rank, score=fits.score)
    raise NotFoundError(_("There is no such match any more: look at the newest results."))


def _in_a_team(demand: Demand, line: Any, capability: Any, user: Any) -> bool:
    """A team may take a capability from beyond the best twenty of its line."""
    rows = Pipeline.objects.visible_to(user).current().filter(demand_id=demand.pk)
    return any(m["line"] == line.pk and m["capability"] == capability.pk for row in rows for m in row.team)


def _city(capability: Capability | None, site: Site | None) -> int:
    if capability is not None:
        return capability.facility.city_id
    if site is None:
        raise DomainError(_("Say which capability or site."), field="capability")
    return site.city_id


def _bureau(city_id: int, user: Any) -> Organisation:
    """The bureau that looks after a city; of several one's own, else the first. Nobody: the proposer's bureau."""
    mine = viewer_of(user).bureaus
    cares = list(CityCare.objects.filter(city=city_id).select_related("bureau").order_by("bureau_id"))
    for care in cares:
        if care.bureau_id in mine:
            return care.bureau
    return cares[0].bureau if cares else Organisation.objects.get(pk=min(mine))
