"""The cast of people and a small world around them: for each row of docs/visibility.md somebody on each side.

Two alliances. North: the lead city Leadton (bureau, lab), the partner city Parton (bureau, supplier, rival),
its district (no bureau of its own), and the lab's demands of every confidentiality. South: Outville, whose
bureau and firm are foreigners to all of it.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from alliance.models import (
    Alliance,
    Attachment,
    City,
    Exclusion,
    Invitation,
    JoinRequest,
    Message,
    Notice,
    Organisation,
    SavedFilter,
    User,
    Verification,
    Webhook,
    WebhookMessage,
)
from alliance.services.attachments import attach
from alliance.services.messages import post_message
from companies.models import Capability, ComponentKey, ComponentType, Facility, SheetImport, SheetRows
from matching.models import (
    ActionItem,
    AgendaItem,
    BillSheet,
    Demand,
    DemandLine,
    Export,
    Introduction,
    MatchRun,
    Meeting,
    MeetingSeat,
    Milestone,
    Project,
)
from matching.services.results.naming import name_ids
from scenarios.models import ScenarioKey, ScenarioType, Site
from tests import factories as make


@dataclass
class World:
    """Everything by name; see the functions below for what each stands for."""

    cities: dict[str, City] = field(default_factory=dict)
    alliances: dict[str, Alliance] = field(default_factory=dict)
    organisations: dict[str, Organisation] = field(default_factory=dict)
    people: dict[str, User] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    types: dict[str, ComponentType] = field(default_factory=dict)
    keys: dict[str, ComponentKey] = field(default_factory=dict)
    scenario_types: dict[str, ScenarioType] = field(default_factory=dict)
    scenario_keys: dict[str, ScenarioKey] = field(default_factory=dict)
    facilities: dict[str, Facility] = field(default_factory=dict)
    capabilities: dict[str, Capability] = field(default_factory=dict)
    sites: dict[str, Site] = field(default_factory=dict)
    demands: dict[str, Demand] = field(default_factory=dict)
    lines: dict[str, DemandLine] = field(default_factory=dict)
    runs: dict[str, MatchRun] = field(default_factory=dict)
    meetings: dict[str, Meeting] = field(default_factory=dict)
    agenda: dict[str, AgendaItem] = field(default_factory=dict)
    actions: dict[str, ActionItem] = field(default_factory=dict)
    introductions: dict[str, Introduction] = field(default_factory=dict)
    projects: dict[str, Project] = field(default_factory=dict)
    verifications: dict[str, Verification] = field(default_factory=dict)
    join_requests: dict[str, JoinRequest] = field(default_factory=dict)
    invitations: dict[str, Invitation] = field(default_factory=dict)
    sheets: dict[str, SheetImport] = field(default_factory=dict)
    bills: dict[str, BillSheet] = field(default_factory=dict)
    exports: dict[str, Export] = field(default_factory=dict)
    filters: dict[str, SavedFilter] = field(default_factory=dict)
    attachments: dict[str, Attachment] = field(default_factory=dict)
    notices: dict[str, Notice] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    webhook_messages: dict[str, WebhookMessage] = field(default_factory=dict)

    def person(self, name: str) -> User:
        """A fresh object: rights are cached on the user object for one request."""
        return User.objects.get(username=name)


# Who plays which part: (username, organisation, role). Names are the roles of docs/visibility.md.
MEMBERS = [
    ("lab_owner", "lab", "owner"),
    ("lab_editor", "lab", "editor"),
    ("lab_viewer", "lab", "viewer"),
    ("supplier_owner", "supplier", "owner"),
    ("supplier_editor", "supplier", "editor"),
    ("supplier_viewer", "supplier", "viewer"),
    ("rival_owner", "rival", "owner"),
    ("bystander_owner", "bystander", "owner"),
    ("operator_owner", "operator", "owner"),
    ("outside_owner", "outsider", "owner"),
    ("draft_owner", "draft", "owner"),
    ("shut_out_owner", "shut_out", "owner"),
    ("lead_official", "lead_bureau", "official"),
    ("partner_official", "partner_bureau", "official"),
    ("outside_official", "outside_bureau", "official"),
    ("alliance_admin", "lead_bureau", "admin"),
    ("outside_admin", "outside_bureau", "admin"),
]


def build_world() -> World:
    """The whole small world, in about 150 rows."""
    world = World()
    _places(world)
    _organisations(world)
    _people(world)
    _trees(world)
    _offers(world)
    _demands(world)
    _results(world)
    _meetings(world)
    _introductions(world)
    _joining(world)
    _sheets(world)
    _filters(world)
    _webhooks(world)
    _files(world)
    _notices(world)
    name_ids(seconds=60)
    return world


def _places(world: World) -> None:
    city = world.cities
    city["lead"] = make.make_city("990100", "Leadton", "牵头市")
    city["partner"] = make.make_city("990200", "Parton", "协同市")
    city["district"] = make.make_city("990201", "Parton East", "协同市东区", city["partner"])
    city["outside"] = make.make_city("980100", "Outville", "外市")
    city["nowhere"] = make.make_city("970100", "Nowhere", "无盟市")
    north = {city["lead"]: ["rnd", "sites"], city["partner"]: ["components", "production"]}
    world.alliances["north"] = make.make_alliance("north", city["lead"], north)
    world.alliances["south"] = make.make_alliance(
        "south", city["outside"], {city["outside"]: ["rnd", "components"]}
    )


def _organisations(world: World) -> None:
    city, org = world.cities, world.organisations
    org["lead_bureau"] = make.make_bureau(city["lead"])
    org["partner_bureau"] = make.make_bureau(city["partner"])
    org["outside_bureau"] = make.make_bureau(city["outside"])
    org["lab"] = make.make_firm(city["lead"], "Secret Lab", roles=["rnd"])
    org["supplier"] = make.make_firm(city["partner"], "Supplier")
    org["rival"] = make.make_firm(city["district"], "Rival")
    org["bystander"] = make.make_firm(city["partner"], "Bystander", verified=False)
    org["operator"] = make.make_firm(city["lead"], "Operator", roles=["operator"])
    org["outsider"] = make.make_firm(city["outside"], "Outsider")
    # What a firm registered itself: until its bureau has verified it, only the two of them see it.
    org["draft"] = make.make_firm(city["partner"], "Draft firm", listed=False, verified=False)
    org["shut_out"] = make.make_firm(city["partner"], "Shut-out firm", suspended=True)
    Exclusion.objects.create(organisation=org["lab"], excluded=org["bystander"])


def _people(world: World) -> None:
    for username, organisation, role in MEMBERS:
        world.people[username] = make.make_person(username, (world.organisations[organisation], role))
    world.people["suspended"] = make.make_person(
        "suspended", (world.organisations["supplier"], "owner"), is_active=False
    )
    world.people["nobody"] = make.make_person("nobody")
    world.people["platform_admin"] = make.make_person("platform_admin", is_staff=True, is_superuser=True)
    for username in ("lab_editor", "supplier_editor", "alliance_admin", "outside_owner"):
        world.tokens[f"{username}:read"] = make.make_token(world.people[username], "read")
        world.tokens[f"{username}:write"] = make.make_token(world.people[username], "read", "write")
    for name, person in (("supplier", "supplier_owner"), ("partner_bureau", "partner_official")):
        world.tokens[f"{name}:service"] = make.make_token(
            world.people[person], "read", "write", organisation=world.organisations[name], service=True
        )
    world.tokens["suspended:write"] = make.make_token(world.people["suspended"], "read", "write")


def _trees(world: World) -> None:
    world.types["drive"] = make.make_component_type("DRV")
    world.types["reducer"] = make.make_component_type("DRV-RED", world.types["drive"])
    world.types["sensor"] = make.make_component_type("SNS")
    world.keys["torque"] = make.make_component_key("rated_torque", world.types["drive"])
    world.keys["bus"] = make.make_component_key(
        "bus", world.types["sensor"], kind="choice", unit="", symbol="", choices=["CAN", "EtherCAT"]
    )
    world.scenario_types["industry"] = make.make_scenario_type("IND")
    world.scenario_types["line"] = make.make_scenario_type("IND-LINE", world.scenario_types["industry"])
    world.scenario_keys["height"] = make.make_scenario_key("clear_height", world.scenario_types["industry"])


def _offers(world: World) -> None:
    org, types, caps = world.organisations, world.types, world.capabilities
    for name in ("supplier", "rival", "bystander", "outsider", "draft", "shut_out"):
        world.facilities[name] = make.make_facility(org[name])
    specs = {"rated_torque": 15}
    for name, type_ in (
        ("supplier", "reducer"),
        ("rival", "reducer"),
        ("bystander", "sensor"),
        ("outsider", "reducer"),
    ):
        caps[name] = make.make_capability(
            world.facilities[name], types[type_], specs=specs, certificates=["ISO9001"]
        )
    caps["near"] = make.make_capability(
        world.facilities["supplier"], types["drive"], specs={"rated_torque": 10}
    )
    caps["unpublished"] = make.make_capability(
        world.facilities["supplier"], types["reducer"], published=False
    )
    caps["draft"] = make.make_capability(world.facilities["draft"], types["reducer"], specs=specs)
    # Of another alliance, and matched all the same by a demand of open scope.
    caps["far"] = make.make_capability(world.facilities["outsider"], types["sensor"], specs={"bus": ["CAN"]})
    height = {"clear_height": 8}
    world.sites["open"] = make.make_site(
        org["operator"], world.scenario_types["line"], world.keys["torque"], params=height
    )
    world.sites["unpublished"] = make.make_site(
        org["operator"], world.scenario_types["line"], published=False
    )
    world.sites["outside"] = make.make_site(org["outsider"], world.scenario_types["line"])


def _demands(world: World) -> None:
    lab, north = world.organisations["lab"], world.alliances["north"]
    kinds: dict[str, dict[str, Any]] = {
        "open": {"confidentiality": "open"},
        "members": {"confidentiality": "members"},
        "introduction": {"confidentiality": "introduction"},
        "unmatched": {"confidentiality": "members"},
        "everywhere": {"confidentiality": "members", "scope": "open"},
        "draft": {"confidentiality": "open", "published": False},
    }
    for name, values in kinds.items():
        demand = make.make_demand(lab, north, f"Secret programme {name}", **values)
        world.demands[name] = demand
        type_ = world.types["sensor" if name == "everywhere" else "reducer"]
        key = None if name == "everywhere" else world.keys["torque"]
        world.lines[name] = make.make_line(demand, type_, key, target=1011, ceiling=1511)
        make.make_site_need(demand, world.scenario_types["industry"])
    south = make.make_demand(
        world.organisations["outsider"], world.alliances["south"], "Foreign programme", confidentiality="open"
    )
    world.demands["foreign"] = south
    world.lines["foreign"] = make.make_line(south, world.types["reducer"], world.keys["torque"])


def _results(world: World) -> None:
    """The supplier and its rival match each demand but the unmatched one; the supplier's other part nearly does."""
    run = world.runs["north"] = make.make_run(world.alliances["north"], demands_total=5, demands_done=5)
    caps, site = world.capabilities, world.sites["open"]
    for name in ("open", "members", "introduction"):
        demand, line = world.demands[name], world.lines[name]
        make.point_to(run, demand)
        make.make_match(run, line, caps["supplier"], 1, 0.81)
        make.make_match(run, line, caps["rival"], 2, 0.72)
        make.make_near_miss(run, line, caps["near"], "spec:rated_torque", 1 / 6)
        make.make_line_result(run, line, 2, 1)
        make.make_site_match(run, demand, site)
        make.make_pipeline(run, demand, site, {line: caps["supplier"]})
    demand, line = world.demands["everywhere"], world.lines["everywhere"]
    make.point_to(run, demand)
    make.make_match(run, line, caps["far"], 1, 0.61)
    make.make_near_miss(run, line, caps["bystander"], "price", 0.2)
    make.make_line_result(run, line, 1, 1)
    make.make_pipeline(run, demand, None, {line: caps["far"]})
    make.point_to(run, world.demands["unmatched"], 0)
    world.runs["single"] = make.make_run(world.alliances["north"], world.demands["open"])
    south = world.runs["south"] = make.make_run(world.alliances["south"], demands_total=1, demands_done=1)
    make.point_to(south, world.demands["foreign"], 0)
    make.make_match(south, world.lines["foreign"], caps["outsider"], 1, 0.5)


def _meetings(world: World) -> None:
    """One meeting of both bureaus of the north, one of the lead bureau with itself."""
    for name, seats in (("both", ("lead_bureau", "partner_bureau")), ("lead", ("lead_bureau",))):
        meeting = Meeting.objects.create(
            alliance=world.alliances["north"], title=f"Secret meeting {name}", held_on=make.AS_OF
        )
        for seat in seats:
            MeetingSeat.objects.create(meeting=meeting, bureau=world.organisations[seat])
        world.meetings[name] = meeting
        world.agenda[name] = AgendaItem.objects.create(
            meeting=meeting, position=1, kind="own", text=f"Secret point {name}"
        )
        world.actions[name] = ActionItem.objects.create(
            meeting=meeting, text=f"Secret task {name}", bureau=world.organisations["lead_bureau"]
        )


def _introductions(world: World) -> None:
    """The open demand's pipeline is a project; its supplier has not answered yet. And a pair of the South."""
    org, official = world.organisations, world.people["lead_official"]
    project = Project.objects.create(
        demand=world.demands["open"], site=world.sites["open"], opened_by=official
    )
    Milestone.objects.create(project=project, kind="prototype", planned_on=date(2027, 2, 1))
    world.projects["open"] = project
    world.introductions["open"] = make.make_introduction(
        world.lines["open"],
        world.capabilities["supplier"],
        official,
        (org["lead_bureau"], org["partner_bureau"]),
        project=project,
    )
    south = (org["outside_bureau"], org["outside_bureau"])
    world.introductions["foreign"] = make.make_introduction(
        world.lines["foreign"], world.capabilities["outsider"], world.people["outside_official"], south
    )


def _joining(world: World) -> None:
    """The draft firm waits for its bureau; somebody wants to join the supplier; its owner has invited somebody."""
    org, people = world.organisations, world.people
    world.verifications["draft"] = Verification.objects.create(
        organisation=org["draft"], asked_by=people["draft_owner"]
    )
    world.join_requests["supplier"] = JoinRequest.objects.create(
        kind="join", organisation=org["supplier"], person=people["nobody"]
    )
    world.invitations["supplier"] = Invitation.objects.create(
        organisation=org["supplier"],
        role="viewer",
        digest="0" * 64,
        made_by=people["supplier_owner"],
        expires_at=make.LATER,
    )


def _filters(world: World) -> None:
    """A filter that the supplier's editor shares with the firm."""
    world.filters["supplier"] = SavedFilter.objects.create(
        person=world.people["supplier_editor"],
        organisation=world.organisations["supplier"],
        list_name="capabilities",
        name="Fast",
        query="volume_lead_days=30",
    )


def _webhooks(world: World) -> None:
    """The lab's system listens; a message waits for it."""
    world.webhooks["lab"] = hook = Webhook.objects.create(
        organisation=world.organisations["lab"],
        name="Lab's system",
        url="https://example.org/hook",
        events=["run.finished"],
        secret="whsec_bm90IGEgc2VjcmV0IGF0IGFsbCwgb25seSBhIHRlc3Q=",
    )
    world.webhook_messages["lab"] = WebhookMessage.objects.create(
        webhook=hook, source="test", event="run.finished", subject="x", payload={}
    )


def _sheets(world: World) -> None:
    """A sheet of the supplier and a bill of the lab's draft, both waiting for their columns."""
    sheet = SheetImport.objects.create(
        organisation=world.organisations["supplier"],
        person=world.people["supplier_editor"],
        file_name="Secret sheet.csv",
        header=["external_id", "title"],
        mapping={"0": "external_id", "1": "title"},
        row_count=1,
    )
    SheetRows.objects.create(sheet=sheet, rows=[["", 2, ["s-1", "Secret part"]]])
    world.sheets["supplier"] = sheet
    world.exports["supplier"] = Export.objects.create(
        user=world.people["supplier_editor"], resource="capabilities", format="csv", rights="none"
    )
    world.bills["draft"] = BillSheet.objects.create(
        demand=world.demands["draft"],
        person=world.people["lab_editor"],
        file_name="Secret bill.csv",
        header=["component_type", "quantity"],
        mapping={"0": "component_type", "1": "quantity"},
        row_count=1,
        rows=[["", 2, ["DRV-RED", "many"]]],
    )


def _files(world: World) -> None:
    """The supplier's drawing on the open introduction, for once both have accepted; the lab's on its demand; a word
    between the two bureaus."""
    for name, row, person in (
        ("introduction", world.introductions["open"], "supplier_editor"),
        ("demand", world.demands["open"], "lab_editor"),
    ):
        blob = b"%PDF-1.7 " + name.encode()
        user = world.person(person)
        world.attachments[name] = attach(row, [blob], user=user, name=f"Secret {name}.pdf", stage=1)
    text = "Secret words for @partner_official"
    world.messages["introduction"] = post_message(
        world.introductions["open"], text, user=world.person("lead_official")
    )


def _notices(world: World) -> None:
    """The supplier's owner has been told of the introduction."""
    world.notices["supplier"] = Notice.objects.create(
        user=world.people["supplier_owner"],
        source="cast",
        group="introductions",
        key="introduction proposed",
        kind="introduction",
        object_id=str(world.introductions["open"].public_id),
        params={"state": "proposed", "version": 1},
    )
