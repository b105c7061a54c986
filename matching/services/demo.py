"""Work for the demo people to find: introductions in every state, a project, a meeting, a firm to verify, a window.

Everything is done by the services that people's pages call, in the names of fictitious people; only then is it moved
into the past, so that something is overdue. Once for each alliance of the sample region, never on anybody's real rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone

from alliance.changes import acting_for
from alliance.choices import Audience, FileStage, MemberRole
from alliance.models import Alliance, City, Membership, Organisation, User, Verification
from alliance.services.attachments import attach
from alliance.services.credit_codes import PROVINCES
from alliance.services.messages import post_message
from alliance.services.people import create_person, join_organisation, random_password
from alliance.services.registration import NewFirm, NewPerson, register_firm
from companies.models import Capability
from matching.models import (
    Demand,
    DemandLine,
    Introduction,
    IntroductionStep,
    Match,
    NearMiss,
    Pipeline,
    Project,
    SiteMatch,
)
from matching.services.generation.credit_codes import credit_code
from matching.services.introductions import introduce, introduce_pipeline, take_step
from matching.services.introductions.proposing import open_pairs
from matching.services.introductions.stepping import Step
from matching.services.meetings import agree, call_meeting
from scenarios.models import Site, SiteWindow
from scenarios.services import SiteInput, add_window, create_site, publish_site

SAMPLE = "示例"
#: The steps to a state, each with who does it.
COURSE = (
    ("accept", "lab"),
    ("accept", "supplier"),
    ("agree", "bureau"),
    ("talk", "bureau"),
    ("sample", "bureau"),
    ("sign", "bureau"),
    ("deliver", "bureau"),
)


#: So many steps, and the two firms talk.
TALKING = 4


@dataclass(frozen=True)
class Part:
    """How far an introduction has come: `steps` of the course, so many days ago, due so many days from today."""

    steps: int
    days_ago: int
    due_in: int | None
    turn: str = ""
    note: str = ""


PROPOSAL = "指标与交期都合适，请双方看看。"
PARTS = (
    Part(7, 40, None, note="首批样件一次通过，按期交付。"),
    Part(6, 33, 21, "supplier", "合同已签，首批 20 件排产。"),
    Part(5, 26, 9, "supplier", "样件 2 台在制，检测项按图纸附表。"),
    Part(4, 19, 2, "lab", "接口图纸 2 处疑问待实验室答复。"),
    Part(3, 16, -6, "lab_bureau", "企业已盖章，等回签件转交。"),
    Part(2, 9, 0, "lab_bureau", "双方已接受，约三方线上会。"),
    Part(0, 8, -2, "supplier", "请企业确认意向。"),
    Part(0, 2, 5, "supplier", "交期合适，请企业看看。"),
)


def make_demo_work() -> list[str]:
    """Slugs of the alliances for which work was made; those that have any introduction are left alone."""
    made = []
    for alliance in Alliance.objects.exclude(as_of=None).order_by("id"):
        official = User.objects.filter(username=f"{alliance.slug}-official").first()
        if official is None or Introduction.objects.filter(demand__alliance=alliance).exists():
            continue
        with transaction.atomic():
            _Maker(alliance, official).make()
        made.append(alliance.slug)
    return made


class _Maker:
    def __init__(self, alliance: Alliance, official: User) -> None:
        self.alliance, self.official = alliance, official
        self.today = timezone.localdate()
        self.bureau = Organisation.objects.get(memberships__user=official, kind="bureau")

    def make(self) -> None:
        self._introductions()
        self._declined()
        self._at_the_operators()
        self._project()
        self._meeting()
        self._verification()
        self._window()

    # --- introductions ---------------------------------------------------------------------------------
    def _introductions(self) -> None:
        """The demo supplier's and the demo lab's own first, so that their first pages are alive too."""
        for part, (line, capability) in zip(PARTS, self._pairs(), strict=False):
            note = PROPOSAL if part.steps else part.note
            with acting_for(self.official.pk):
                row = introduce(
                    user=self.official, line=line, capability=capability, note=note, due_on=self.today
                )
            self._goes(row, part)

    def _goes(self, row: Introduction, part: Part) -> None:
        for name, who in COURSE[: part.steps]:
            person = self.official if who == "bureau" else self._voice(getattr(row, who))
            said = Step(delivered_on=self.today, note=part.note) if name == "deliver" else Step()
            with acting_for(person.pk):
                row = take_step(row, name, user=person, step=said)
        if part.steps < len(COURSE) and part.turn and part.steps > 1:
            said = Step(turn=part.turn, due_on=self.today, note=part.note)
            with acting_for(self.official.pk):
                row = take_step(row, "plan", user=self.official, step=said)
        if part.steps == TALKING:
            self._words(row)
        _age(row, part.days_ago, None if part.due_in is None else self.today + timedelta(days=part.due_in))

    def _words(self, row: Introduction) -> None:
        """Where they talk: a drawing, a question and its answer, and the two bureaus among themselves."""
        lab, supplier = self._voice(row.lab), self._voice(row.supplier)
        attach(row, [drawing()], user=lab, name=f"接口图纸（{SAMPLE}）.pdf", stage=FileStage.CONFIDENTIAL)
        asked = "接口图纸已上传，请看安装孔位能否按图加工。"
        post_message(row, asked, user=lab, audience=Audience.PARTIES)
        answer = "孔位可以做。两处公差偏严，请实验室确认后再打样。"
        post_message(row, answer, user=supplier, audience=Audience.PARTIES)
        other = (
            Membership.objects.filter(organisation=row.supplier_bureau).exclude(user=self.official).first()
        )
        named = f"@{other.user.username} " if other is not None else ""
        post_message(row, f"{named}企业已答复，请一起盯住实验室的两处疑问。", user=self.official)

    def _pairs(self) -> Iterator[tuple[DemandLine, Capability]]:
        """Best matches, each line and supplier once: two of the demo supplier, two of the demo lab, then others."""
        rows = Match.objects.current().filter(demand_id__in=self._demands().values("pk"), rank__lte=5)
        supplier, lab = self._own("supplier-owner"), self._own("lab")
        of_lab = set(self._demands().filter(owner=lab).values_list("pk", flat=True))
        found = sorted(
            rows.values_list("demand_id", "line_id", "capability_id", "supplier_id", "rank"),
            key=lambda row: (row[3] != getattr(supplier, "pk", 0), row[0] not in of_lab, row[4], row[1]),
        )
        first = [row for row in found if row[3] == getattr(supplier, "pk", 0)][:2]
        mine = [row for row in found if row[0] in of_lab and row not in first][:30]
        lines: set[int] = set()
        firms: dict[int, int] = {}
        for _demand, line, capability, firm, _rank in [*mine[:2], *first, *mine[2:], *found]:
            if line in lines or firms.get(firm, 0) >= (2 if supplier and firm == supplier.pk else 1):
                continue
            lines.add(line)
            firms[firm] = firms.get(firm, 0) + 1
            yield (
                DemandLine.objects.select_related("demand__owner").get(pk=line),
                Capability.objects.select_related("organisation", "facility").get(pk=capability),
            )

    def _demands(self) -> Any:
        rows = Demand.objects.filter(alliance=self.alliance, published=True, owner__fictitious=True)
        return rows.filter(lab_city__in=self._cared())

    def _cared(self) -> Any:
        return City.objects.filter(caretakers__bureau=self.bureau).values("pk")

    def _own(self, role: str) -> Organisation | None:
        row = Membership.objects.filter(user__username=f"{self.alliance.slug}-{role}").first()
        return row.organisation if row else None

    def _voice(self, firm: Organisation) -> User:
        """Somebody who may answer for a firm: who is there, else a fictitious contact who never signs in."""
        roles = (MemberRole.OWNER, MemberRole.EDITOR)
        seat = Membership.objects.filter(organisation=firm, role__in=roles, user__is_active=True).first()
        if seat is not None:
            return seat.user
        name = f"{self.alliance.slug}-contact-{firm.pk}"
        person = create_person(name, password=random_password(), display_name=f"联系人（{SAMPLE}）")
        join_organisation(person, firm, MemberRole.OWNER)
        return person

    def _declined(self) -> None:
        """A near miss that was asked and said no."""
        rows = (
            NearMiss.objects.current()
            .filter(demand_id__in=self._demands().values("pk"))
            .order_by("rank", "line_id")
        )
        for row in rows[:40]:
            pair = {"line_id": row.line_id, "capability_id": row.capability_id}
            if Introduction.objects.filter(**pair).exists():
                continue
            asked = introduce(
                user=self.official,
                line=DemandLine.objects.select_related("demand__owner").get(pk=row.line_id),
                capability=Capability.objects.select_related("organisation", "facility").get(
                    pk=row.capability_id
                ),
                note="只差一项，请确认能否改进。",
                due_on=self.today,
            )
            said = Step(reason="现有工装达不到该项要求，明年扩线后再谈。")
            _age(take_step(asked, "decline", user=self._voice(asked.supplier), step=said), 12, None)
            return

    def _at_the_operators(self) -> None:
        """A trial at one of the demo operator's sites, which has not answered yet."""
        operator = self._own("operator")
        rows = SiteMatch.objects.current().filter(demand_id__in=self._demands().values("pk"))
        sites = Site.objects.filter(organisation=operator, published=True)
        best = rows.filter(site_id__in=sites.values("pk")).order_by("rank", "-score", "demand_id").first()
        if operator is None or best is None:
            return
        row = introduce(
            user=self.official,
            demand=Demand.objects.select_related("owner").get(pk=best.demand_id),
            site=Site.objects.select_related("organisation").get(pk=best.site_id),
            note="试用 30 天，请确认窗口是否可用。",
            due_on=self.today,
        )
        self._goes(row, Part(0, 3, 4))

    def _project(self) -> None:
        """The demo lab's best complete pipeline, introduced as a whole some days ago."""
        mine = self._demands().filter(owner=self._own("lab"))
        rows = Pipeline.objects.current().filter(demand_id__in=mine.values("pk"), complete=True)
        best = rows.exclude(site_id=None).order_by("rank", "-score").first()
        if best is None:
            return
        demand = Demand.objects.select_related("owner").get(pk=best.demand_id)
        site = Site.objects.select_related("organisation").get(pk=best.site_id)
        if not open_pairs(demand, best, site):
            return
        project: Project = introduce_pipeline(
            user=self.official,
            demand=demand,
            site=site,
            note="整套方案一并提议，各方分别答复。",
            due_on=self.today,
        )
        for place, row in enumerate(project.introductions.order_by("id")):
            self._goes(
                row, Part(2 if place % 2 else 0, 4, 3 + place, "lab_bureau" if place % 2 else "supplier")
            )

    # --- what else waits -------------------------------------------------------------------------------
    def _meeting(self) -> None:
        partners = Organisation.objects.filter(
            kind="bureau", cares_for__city__in=self.alliance.cities.values("city")
        ).exclude(pk=self.bureau.pk)
        bureaus = [self.bureau, *partners.distinct().order_by("pk")[:3]]
        meeting = call_meeting(
            self.official,
            self.alliance,
            bureaus,
            title="双周对接例会",
            held_on=self.today + timedelta(days=5),
            starts_at=time(14, 30),
            place="线上",
        )
        for words, bureau, days in (
            ("催办保密协议回签件", self.bureau, 1),
            ("走访只差一项的企业，核对检测报告", bureaus[-1], 6),
        ):
            agree(self.official, meeting, words, bureau, due_on=self.today + timedelta(days=days))

    def _verification(self) -> None:
        """A firm that registered itself two days ago, marked as fictitious like all of the sample."""
        city = self.alliance.lead_city
        firm, person = register_firm(
            NewFirm(
                credit_code(_region(city), 900_000 + self.alliance.pk),
                f"{city.name_zh.removesuffix('市')}{SAMPLE}谐跃传动有限公司",
                city,
                name_en=f"{city.name_en} Shili (Demo) Xieyue Drives Co., Ltd",
                roles=("manufacturer",),
                note="谐波减速器与关节模组，厂区已投产。",
            ),
            NewPerson(f"{self.alliance.slug}-newcomer", random_password(), f"许航（{SAMPLE}）"),
        )
        Organisation.objects.filter(pk=firm.pk).update(fictitious=True)
        rows = Verification.objects.filter(organisation=firm, asked_by=person)
        rows.update(created_at=F("created_at") - timedelta(days=2))

    def _window(self) -> None:
        """One site whose last window ends within three weeks, unless the sample has one that soon anyway."""
        operator = self._own("operator")
        if operator is None:
            return
        last = SiteWindow.objects.filter(site__organisation=operator, site__published=True).values("site")
        soon = last.annotate(last=Max("ends")).filter(
            last__gte=self.today, last__lte=self.today + timedelta(days=30)
        )
        model = Site.objects.filter(organisation=operator, published=True).order_by("pk").first()
        if model is None or soon.exists():
            return
        person = self._voice(operator)
        given = SiteInput(f"{SAMPLE}夜间试用场", model.city, model.scenario_type, 4, dict(model.params))
        site = create_site(operator, given, user=person)
        add_window(site, self.today - timedelta(days=30), self.today + timedelta(days=15), user=person)
        publish_site(site, user=person)


def _region(city: City) -> str:
    """The six figures of a city, or of the city that a development area without any lies in."""
    node: City | None = city
    while node is not None and not node.code.isdigit():
        node = node.parent
    known = node is not None and node.code[:2] in PROVINCES
    return node.code[:6] if node is not None and known else "110000"


def drawing() -> bytes:
    """A PDF of one page: a plate with a bore."""
    lines = b"2 w 120 420 360 240 re S 300 540 m 340 540 l S 300 500 m 300 580 l S 260 540 80 0 re S"
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(lines), lines),
    ]
    body, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1)
    tail = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(parts) + 1, len(body))
    return body + head + table + tail


def _age(row: Introduction, days: int, due_on: date | None) -> None:
    """As if it had begun `days` ago, its steps spread over the time since."""
    steps = list(IntroductionStep.objects.filter(introduction=row).order_by("id"))
    gap = days / max(len(steps), 1)
    for place, step in enumerate(steps):
        back = timedelta(days=days - place * gap)
        IntroductionStep.objects.filter(pk=step.pk).update(at=F("at") - back)
    fresh = {row.pk: row.at for row in IntroductionStep.objects.filter(introduction=row)}
    last = timedelta(days=gap)
    moved: dict[str, Any] = {
        "created_at": F("created_at") - timedelta(days=days),
        "updated_at": F("updated_at") - last,
    }
    for side in ("lab", "supplier"):
        said = [
            step.pk
            for step in steps
            if step.move == "accept" and step.by_organisation_id == getattr(row, f"{side}_id")
        ]
        if said:
            moved[f"{side}_accepted_at"] = fresh[said[0]]
    if row.delivered_on is not None:
        moved["delivered_on"] = row.delivered_on - timedelta(days=int(gap))
    if row.due_on is not None and due_on is not None:
        moved["due_on"] = due_on
    Introduction.objects.filter(pk=row.pk).update(**moved)
