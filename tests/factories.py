"""Small makers of rows. Each names what it needs; what a test does not care about has a default."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from django.contrib.postgres.fields import ArrayField
from knox.models import get_digest_token

from alliance.models import (
    Alliance,
    AllianceCity,
    ApiToken,
    City,
    DeliveryRecord,
    Membership,
    Organisation,
    OrganisationContact,
    User,
)
from alliance.services import rebuild_geography
from companies.models import (
    Capability,
    CapabilityCertificate,
    CapabilityTerms,
    ComponentKey,
    ComponentParameter,
    ComponentType,
    Facility,
)
from matching.kernel import KEEP_MATCHES, KEEP_NEAR
from matching.models import (
    CurrentResult,
    Demand,
    DemandIdentity,
    DemandLine,
    DemandResult,
    DemandSites,
    Introduction,
    IntroductionStep,
    LineMatches,
    LineMisses,
    LinePrice,
    LineRequirement,
    LineResult,
    Match,
    MatchRun,
    NearMiss,
    Pipeline,
    SiteNeed,
)
from matching.services.introductions.disclosing import disclose
from scenarios.models import PartCondition, ScenarioKey, ScenarioParameter, ScenarioType, Site, SiteWindow

PASSWORD = "correct-horse-battery"
AS_OF = date(2026, 11, 20)
NEED_BY = date(2027, 8, 31)
LATER = datetime(2099, 1, 1, tzinfo=UTC)
TERMS = {"fit": 1, "price": 0.9, "lead_time": 0.8, "capacity": 0.7, "proximity": 0.6, "role": 1, "trust": 0.5}
_numbers = count(1)
LETTERS = str.maketrans("0123456789", "abcdefghij")


def serial(prefix: str) -> str:
    """A name that no other row of this test run has: without digits, which a test may look for as a secret price."""
    return f"{prefix}-{next(_numbers)}".translate(LETTERS)


# --- places and organisations ---------------------------------------------------------------------
def make_city(code: str, name_en: str, name_zh: str, parent: City | None = None, **more: Any) -> City:
    point = {"latitude": 30.0 + len(name_en) / 10, "longitude": 104.0 + len(name_zh) / 10}
    return City.objects.create(
        code=code, name_en=name_en, name_zh=name_zh, parent=parent, **{**point, **more}
    )


def make_alliance(slug: str, lead: City, roles: dict[City, list[str]], **more: Any) -> Alliance:
    """An alliance with its cities; the derived geography is brought up to date."""
    names = {"name_en": f"{slug} alliance", "name_zh": f"{slug} 联盟", "as_of": AS_OF}
    alliance = Alliance.objects.create(slug=slug, lead_city=lead, **{**names, **more})
    AllianceCity.objects.bulk_create(
        AllianceCity(alliance=alliance, city=c, roles=r) for c, r in roles.items()
    )
    rebuild_geography()
    return alliance


def make_bureau(city: City, **more: Any) -> Organisation:
    names = {
        "name_en": f"{city.name_en} bureau",
        "name_zh": f"{city.name_zh}经信局",
        "external_id": serial("bureau"),
    }
    bureau = Organisation.objects.create(kind="bureau", city=city, **{**names, **more})
    rebuild_geography()
    return bureau


def make_firm(city: City, name_en: str = "", **more: Any) -> Organisation:
    """A firm with a contact and a delivery record."""
    external_id = serial("firm")
    values = {
        "external_id": external_id,
        "name_en": name_en or external_id,
        "name_zh": f"{name_en or external_id} 公司",
        "roles": ["manufacturer"],
        "verified": True,
        "fictitious": True,
    }
    firm = Organisation.objects.create(kind="firm", city=city, **{**values, **more})
    OrganisationContact.objects.create(organisation=firm, person="王工", phone="028-555-0100")
    DeliveryRecord.objects.create(organisation=firm, completed=10, on_time=9)
    return firm


def make_person(username: str, *memberships: tuple[Organisation, str], **more: Any) -> User:
    person = User(username=username, display_name=username.replace("_", " "), **more)
    person.set_password(PASSWORD)
    person.save()
    Membership.objects.bulk_create(Membership(user=person, organisation=o, role=r) for o, r in memberships)
    return person


def make_token(user: User, *scopes: str, **more: Any) -> str:
    """The token in clear text, as its holder sends it."""
    digest, token = get_digest_token()
    ApiToken.objects.create(
        digest=digest,
        token_key=token[:15],
        user=user,
        name="test",
        scopes=list(scopes),
        **{"expiry": None, **more},
    )
    return token


# --- what firms can make --------------------------------------------------------------------------
def make_component_type(code: str, parent: ComponentType | None = None, **more: Any) -> ComponentType:
    names = {
        "name_en": code.lower(),
        "name_zh": f"{code} 类",
        "supplied_by": "components",
        "quantity_unit": "piece",
    }
    return ComponentType.objects.create(code=code, parent=parent, **{**names, **more})


def make_component_key(key: str, *types: ComponentType, **more: Any) -> ComponentKey:
    """A parameter key, listed by these types."""
    made = ComponentKey.objects.create(key=key, **{"kind": "number", "unit": "N*m", "symbol": "N·m", **more})
    for type_ in types:
        ComponentParameter.objects.create(
            type=type_, key=made, position=type_.parameters.count(), name_en=key, name_zh=f"{key} 参数"
        )
    return made


def make_facility(firm: Organisation, city: City | None = None, **more: Any) -> Facility:
    external_id = serial("facility")
    values = {"external_id": external_id, "name": external_id, "city": city or firm.city}
    return Facility.objects.create(organisation=firm, **{**values, **more})


def make_capability(
    facility: Facility,
    type_: ComponentType,
    *,
    price: float | None = 1200,
    capacity: float = 500,
    certificates: Iterable[str] = (),
    **more: Any,
) -> Capability:
    external_id = serial("capability")
    values = {
        "external_id": external_id,
        "title": external_id,
        "prototype_lead_days": 20,
        "volume_lead_days": 60,
        "published": True,
    }
    made = Capability.objects.create(
        organisation=facility.organisation, facility=facility, component_type=type_, **{**values, **more}
    )
    CapabilityTerms.objects.create(
        capability=made, unit_price=price, capacity_per_month=capacity, committed_per_month=100
    )
    CapabilityCertificate.objects.bulk_create(
        CapabilityCertificate(capability=made, code=c) for c in certificates
    )
    return made


# --- where robots will work -----------------------------------------------------------------------
def make_scenario_type(code: str, parent: ScenarioType | None = None, **more: Any) -> ScenarioType:
    return ScenarioType.objects.create(
        code=code, parent=parent, **{"name_en": code.lower(), "name_zh": f"{code} 场景", **more}
    )


def make_scenario_key(key: str, *types: ScenarioType, **more: Any) -> ScenarioKey:
    made = ScenarioKey.objects.create(key=key, **{"kind": "number", "unit": "m", "symbol": "m", **more})
    for type_ in types:
        ScenarioParameter.objects.create(type=type_, key=made, position=0, name_en=key, name_zh=f"{key} 参数")
    return made


def make_site(
    firm: Organisation, type_: ScenarioType, condition: ComponentKey | None = None, **more: Any
) -> Site:
    external_id = serial("site")
    values = {"external_id": external_id, "name": external_id, "city": firm.city, "fleet_capacity": 20}
    site = Site.objects.create(organisation=firm, scenario_type=type_, **{**values, **more})
    SiteWindow.objects.create(site=site, starts=date(2027, 1, 1), ends=date(2027, 5, 31))
    if condition is not None:
        PartCondition.objects.create(site=site, key=condition, position=0, op=">=", value=10)
    return site


# --- what labs need -------------------------------------------------------------------------------
def make_demand(lab: Organisation, alliance: Alliance, title: str = "", **more: Any) -> Demand:
    external_id = serial("demand")
    values = {
        "external_id": external_id,
        "lab_city": lab.city,
        "confidentiality": "members",
        "start_date": date(2026, 12, 1),
        "need_by": NEED_BY,
        "published": True,
    }
    demand = Demand.objects.create(owner=lab, alliance=alliance, **{**values, **more})
    DemandIdentity.objects.create(
        demand=demand, organisation=lab, external_id=demand.external_id, title=title or demand.external_id
    )
    return demand


def make_line(
    demand: Demand,
    type_: ComponentType,
    key: ComponentKey | None = None,
    *,
    target: float | None = 1000,
    ceiling: float | None = 1500,
    **more: Any,
) -> DemandLine:
    values = {
        "external_id": serial("line"),
        "position": demand.lines.count(),
        "quantity": 200,
        "monthly_rate": 50,
    }
    line = DemandLine.objects.create(
        demand=demand, owner=demand.owner, component_type=type_, **{**values, **more}
    )
    LinePrice.objects.create(line=line, target_unit_price=target, ceiling_unit_price=ceiling)
    if key is not None:
        LineRequirement.objects.create(line=line, key=key, position=0, op=">=", value=12, hard=True)
    return line


def make_site_need(demand: Demand, type_: ScenarioType) -> SiteNeed:
    return SiteNeed.objects.create(demand=demand, scenario_type=type_, fleet_size=5, trial_days=30)


# Arrays of `LineMisses` that are not by rank.
BY_RULE = ("rules", "admitted", "admitted_firms", "nearest", "farthest")


# --- results, as a run writes them ----------------------------------------------------------------
def make_run(alliance: Alliance, demand: Demand | None = None, **more: Any) -> MatchRun:
    values = {"as_of": AS_OF, "cause": "asked", "state": "finished", "chunks_total": 1, "chunks_done": 1}
    return MatchRun.objects.create(alliance=alliance, demand=demand, **{**values, **more})


def point_to(run: MatchRun, demand: Demand, feasible_sites: int = 1) -> None:
    make_known(run, demand.pk)
    CurrentResult.objects.update_or_create(
        demand=demand, defaults={"run_id": run.pk, "as_of": run.as_of, "feasible_sites": feasible_sites}
    )


def make_known(run: MatchRun, demand_id: int, **ids: list[int]) -> None:
    """What results name, beside the demand, as a run writes it."""
    row, _made = DemandResult.objects.get_or_create(
        run_id=run.pk, demand_id=demand_id, defaults={"feasible_sites": 1}
    )
    for name, more in ids.items():
        setattr(row, name, sorted({*getattr(row, name), *more}))
    row.save()


def forget_capability(capability: Capability) -> None:
    """No result names the capability any more."""
    forget_matches(capability_id=capability.pk)
    _forget(NearMiss, LineMisses, capability_id=capability.pk)
    for row in DemandResult.objects.filter(capabilities__contains=[capability.pk]):
        row.capabilities = [each for each in row.capabilities if each != capability.pk]
        row.save()


def make_match(
    run: MatchRun, line: DemandLine, capability: Capability, rank: int = 1, score: float = 0.8
) -> None:
    """At its rank, or the next one that is free."""
    make_known(run, line.demand_id, capabilities=[capability.pk], suppliers=[capability.organisation_id])
    _put(LineMatches, run, line, capability, rank, KEEP_MATCHES, scores=[score, *TERMS.values()])


def make_near_miss(
    run: MatchRun, line: DemandLine, capability: Capability, code: str, shortfall: float, rank: int = 1
) -> None:
    make_known(run, line.demand_id, capabilities=[capability.pk], suppliers=[capability.organisation_id])
    _put(LineMisses, run, line, capability, rank, KEEP_NEAR, codes=code, shortfalls=shortfall)


def _put(
    model: Any, run: MatchRun, line: DemandLine, capability: Capability, rank: int, most: int, **own: Any
) -> None:
    own |= {"capabilities": capability.pk, "suppliers": capability.organisation_id}
    row = model.objects.filter(run_id=run.pk, line_id=line.pk).first() or model(
        run_id=run.pk, demand_id=line.demand_id, line_id=line.pk, **{name: [] for name in own}
    )
    taken = row.capabilities
    at = next(at for at in range(rank - 1, most) if at >= len(taken) or not taken[at])
    missing = at + 1 - len(taken)
    for name, value in own.items():
        items = getattr(row, name)
        items += [[None] * len(value) if isinstance(value, list) else None] * missing
        items[at] = value
    row.save()


def change_matches(changed: dict[str, Any], **which: Any) -> None:
    """Numbers of the score of these matches."""
    for match in Match.objects.filter(**which):
        row = LineMatches.objects.get(run_id=match.run_id, line_id=match.line_id)
        for name, value in changed.items():
            row.scores[match.rank - 1][1 + list(TERMS).index(name)] = value
        row.save()


def forget_matches(**which: Any) -> None:
    """What follows them moves up."""
    _forget(Match, LineMatches, **which)


def _forget(read: Any, stored: Any, **which: Any) -> None:
    for each in read.objects.filter(**which):
        row = stored.objects.get(run_id=each.run_id, line_id=each.line_id)
        at = row.capabilities.index(each.capability_id)
        for field in stored._meta.fields:
            if isinstance(field, ArrayField) and field.name not in BY_RULE:
                del getattr(row, field.name)[at]
        row.save() if row.capabilities or getattr(row, "rules", []) else row.delete()


def make_line_result(run: MatchRun, line: DemandLine, feasible: int, near: int) -> None:
    place = {"run_id": run.pk, "demand_id": line.demand_id, "line_id": line.pk}
    LineResult.objects.create(**place, feasible=feasible, near=near, candidates=feasible + near)
    if near:
        told: dict[str, Any] = dict(
            zip(BY_RULE, (["price"], [near], [None], ["1600"], ["1600"]), strict=True)
        )
        none = {"capabilities": [], "suppliers": [], "codes": [], "shortfalls": []}
        LineMisses.objects.update_or_create(**place, defaults=told, create_defaults=none | told)


def make_site_match(run: MatchRun, demand: Demand, site: Site) -> None:
    """After those that are there."""
    make_known(run, demand.pk, sites=[site.pk])
    row = DemandSites.objects.filter(run_id=run.pk, demand_id=demand.pk).first() or DemandSites(
        run_id=run.pk, demand_id=demand.pk, sites=[], scores=[], window_starts=[], window_ends=[]
    )
    row.sites.append(site.pk)
    row.scores.append([0.7, 1, 0.9, 1, 1, 0.5])
    row.window_starts.append(date(2027, 1, 1))
    row.window_ends.append(date(2027, 5, 31))
    row.save()


def make_pipeline(
    run: MatchRun, demand: Demand, site: Site | None, team: dict[DemandLine, Capability | None], rank: int = 1
) -> Pipeline:
    """A pipeline as a run writes it; complete when every line has a capability."""
    complete = all(team.values())
    days = {"prototype": 60, "wait": 10, "trial": 30, "volume": 72, "delivery": 1}
    lines = list(team)
    members = [capability for capability in team.values() if capability]
    make_known(
        run,
        demand.pk,
        team=[capability.pk for capability in members],
        team_suppliers=[capability.organisation_id for capability in members],
        sites=[site.pk] if site else [],
    )
    return Pipeline.objects.create(
        run_id=run.pk,
        demand_id=demand.pk,
        site_id=site.pk if site else None,
        rank=rank,
        score=0.75,
        complete=complete,
        **({f"{name}_days": value for name, value in days.items()} if complete else {}),
        total_days=173 if complete else None,
        baseline_days=171 if complete else None,
        late_days=0 if complete else None,
        trial_starts=date(2027, 2, 1) if complete and site else None,
        window_starts=date(2027, 1, 1) if site else None,
        window_ends=date(2027, 5, 31) if site else None,
        members=[
            [line.pk, capability.pk, 1, 1] if capability else [line.pk, 0, 0, 0]
            for line, capability in team.items()
        ],
        member_scores=[0.8 if capability else 0 for capability in team.values()],
        outs=[[lines[0].pk, 0, 1]] if site and lines else [],
        **({f"{name}_line": lines[0].pk for name in ("prototype", "volume", "delivery")} if complete else {}),
        **({f"{name}_baseline": value for name, value in days.items()} if complete else {}),
    )


def make_introduction(
    line: DemandLine,
    capability: Capability,
    opened_by: User,
    bureaus: tuple[Organisation, Organisation],
    **more: Any,
) -> Introduction:
    """A pair as it stands right after its proposal, with what that opens; the supplier's turn."""
    row = Introduction.objects.create(
        demand=line.demand,
        line=line,
        capability=capability,
        lab=line.demand.owner,
        supplier=capability.organisation,
        lab_bureau=bureaus[0],
        supplier_bureau=bureaus[1],
        opened_by=opened_by,
        capability_version=capability.version,
        demand_version=line.demand.version,
        **{"turn": capability.organisation, "due_on": date(2027, 1, 15), **more},
    )
    IntroductionStep.objects.create(
        introduction=row, move="propose", state=row.state, by=opened_by, by_organisation=bureaus[0]
    )
    disclose(row)
    return row
