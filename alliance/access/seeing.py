"""Who sees which rows: one rule for each row of the table in `docs/visibility.md`."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.apps import apps
from django.db.models import Q

from alliance.access import shared
from alliance.access.rows import ACCEPTED, EVERYTHING, INVITED, NOTHING, PAIRS, Row
from alliance.access.rows import any_of as _any
from alliance.access.rows import cared as _cared
from alliance.access.rows import mine as _mine
from alliance.access.rows import of_cities as _of_cities
from alliance.access.rows import opened as _opened
from alliance.access.rows import prefixed as _prefixed
from alliance.access.rows import published as _published
from alliance.access.rows import reached as _reached
from alliance.viewer import Viewer, table, viewer_of


# --- the rules: one for each row of the table ------------------------------------------------------
def _reference(row: Row, viewer: Viewer) -> Q:
    """Cities, alliances, type trees, certificate names: everybody who has signed in."""
    return EVERYTHING


def _directory(row: Row, viewer: Viewer) -> Q:
    """An entry that was merged into another one is seen by nobody."""
    return _entry(row, viewer) & Q(merged_into=None)


def _entry(row: Row, viewer: Viewer) -> Q:
    public = table("AllianceReach").filter(alliance__publishes_directory=True).values("city_id")
    reached = _reached(row, viewer, viewer.alliances) | Q(**{f"{row.reach}__in": public})
    shown = EVERYTHING if viewer.platform_admin else reached
    listed = _published(row, viewer) & shown
    met = _opened("" if row.owner == "id" else row.owner, "organisation", viewer, ACCEPTED)
    return _mine(row, viewer) | _cared(row, viewer) | listed | met | _supplies(row, viewer)


def _contact(row: Row, viewer: Viewer) -> Q:
    """How to reach an organisation: itself, its bureau, and whom it has agreed to talk to."""
    return _own(row, viewer) | _opened(row.owner, "organisation", viewer, ACCEPTED)


def _premises(row: Row, viewer: Viewer) -> Q:
    """Plants and certificates: more than a directory entry tells, so never by a published directory alone."""
    shown = _published(row, viewer) & _reached(row, viewer, viewer.alliances)
    return _mine(row, viewer) | _cared(row, viewer) | shown | _supplies(row, viewer)


def _delivery_record(row: Row, viewer: Viewer) -> Q:
    """What trust is computed from: the bureaus, and who reads that score on a demand of theirs."""
    shown = _published(row, viewer) & _reached(row, viewer, viewer.bureau_alliances)
    return _mine(row, viewer) | _cared(row, viewer) | shown | _supplies(row, viewer, everywhere=False)


def _capability(row: Row, viewer: Viewer) -> Q:
    """Also what a firm elsewhere offers to a demand the viewer stands behind, and what one was introduced to."""
    shown = _published(row, viewer) & _reached(row, viewer, viewer.alliances)
    met = _opened(row.capability, "capability", viewer, INVITED)
    return _mine(row, viewer) | _cared(row, viewer) | shown | met | _offered_to(row, viewer)


def _terms(row: Row, viewer: Viewer) -> Q:
    """Price and capacity: the bureaus only on matches of their alliance, a lab only on its own lines."""
    if viewer.few and row.capability:
        # Of each row its capability is looked up: joined, the database would read all capabilities for fifty rows.
        rows = apps.get_model("companies.Capability")._base_manager.filter(_terms(_of_itself(row), viewer))
        return Q(**{f"{row.capability}__id__among": rows.values("pk")})
    return _mine(row, viewer) | _cared(row, viewer) | _offered_to(row, viewer, teams=False)


def _of_itself(row: Row) -> Row:
    """What hangs on a capability, said about the capability."""
    begins = f"{row.capability}__"
    owner, cities = row.owner.removeprefix(begins), tuple(each.removeprefix(begins) for each in row.cities)
    return replace(row, owner=owner, cities=cities, capability="")


def _offered_to(row: Row, viewer: Viewer, *, teams: bool = True) -> Q:
    if PAIRS.capabilities is None:
        raise LookupError("matching has not said which pairs exist")
    return _prefixed(row.capability, PAIRS.capabilities(_asked_of_pairs(viewer), teams, viewer))


def _supplies(row: Row, viewer: Viewer, *, everywhere: bool = True) -> Q:
    """Who a supplier is: by itself a reason to see only firms outside the alliance, on demands of open scope."""
    if PAIRS.suppliers is None:
        raise LookupError("matching has not said which pairs exist")
    found = PAIRS.suppliers(_asked_of_pairs(viewer), everywhere, viewer)
    return _prefixed("" if row.owner == "id" else row.owner, found)


def _behind(viewer: Viewer) -> Q:
    """Demands whose side the viewer stands on: the lab's people, its bureau, the bureaus of the alliance.

    Said about a Demand. Who is known by one of them, `PAIRS` asks: by one's own, or by a published one of the bureaus'
    alliances.
    """
    return (_any(["alliance"], viewer.bureau_alliances) & Q(published=True)) | _own_demands(viewer)


def _own_demands(viewer: Viewer) -> Q:
    """Those of the lab's people and of its bureau."""
    mine = _any(["owner"], viewer.firms)
    cared = _any(["lab_city"], viewer.care)
    # Asked about one row after the other, its owner is at hand; asked about all demands, that would read all firms.
    cared |= _any(["owner__city"], viewer.care) if viewer.few else _of_cities(["owner"], viewer.care)
    return mine | cared


def _asked_of_pairs(viewer: Viewer) -> Q:
    """The same for `PAIRS`, which reads them once for a bureau, however few rows are asked about."""
    return _own_demands(replace(viewer, few=viewer.few and not viewer.bureau_alliances))


def _matched(viewer: Viewer) -> Q:
    if PAIRS.demands is None:
        raise LookupError("matching has not said which pairs exist")
    return PAIRS.demands(viewer.firms) if viewer.firms else NOTHING


def _demand(row: Row, viewer: Viewer) -> Q:
    allied = _any(["alliance"], viewer.firm_alliances) & Q(published=True)
    firms = allied & (Q(confidentiality="open") | _matched(viewer))
    return _prefixed(row.demand, _behind(viewer) | firms | _introduced(viewer, INVITED))


def _introduced(viewer: Viewer, stage: int) -> Q:
    """Demands that an introduction has opened to the viewer. Said about a Demand."""
    return _opened("", "demand", viewer, stage)


def _demand_identity(row: Row, viewer: Viewer) -> Q:
    """Name, lab and title: closed to the alliance while a demand waits for an introduction."""
    if viewer.few and row.demand:
        # Of each row its demand is looked up: joined, the database would read all demands for fifty titles.
        demands = apps.get_model("matching.Demand")._base_manager
        rows = demands.filter(_demand_identity(replace(row, demand=""), viewer))
        return Q(**{f"{row.demand}__id__among": rows.values("pk")})
    mine = _any(["owner"], viewer.firms) | _any(["owner__city", "lab_city"], viewer.care)
    told = Q(published=True) & ~Q(confidentiality="introduction")
    bureaus = _any(["alliance"], viewer.bureau_alliances) & told
    firms = _any(["alliance"], viewer.firm_alliances) & told & (Q(confidentiality="open") | _matched(viewer))
    return _prefixed(row.demand, mine | bureaus | firms | _introduced(viewer, ACCEPTED))


def _demand_quantities(row: Row, viewer: Viewer) -> Q:
    """How many: a matched firm does not read it on a demand that waits for an introduction."""
    told = ~Q(confidentiality="introduction")
    return _behind(viewer) | (_demand(row, viewer) & told) | _introduced(viewer, ACCEPTED)


def _demand_asker(row: Row, viewer: Viewer) -> Q:
    """Which lab asks: firms read the title and "a lab in 成都", bureaus the lab too."""
    mine = _any(["owner"], viewer.firms) | _any(["owner__city", "lab_city"], viewer.care)
    told = Q(published=True) & ~Q(confidentiality="introduction")
    allied = _any(["alliance"], viewer.bureau_alliances) & told
    return _prefixed(row.demand, mine | allied | _introduced(viewer, ACCEPTED))


def _demand_side(row: Row, viewer: Viewer) -> Q:
    """Target prices, matches, near misses, pipelines: the demand's side only, never a supplier."""
    return _prefixed(row.demand, _behind(viewer))


def _site(row: Row, viewer: Viewer) -> Q:
    """Also a site elsewhere that suits a demand which asked everywhere."""
    if PAIRS.sites is None:
        raise LookupError("matching has not said which pairs exist")
    suits = _prefixed(row.site, PAIRS.sites(_asked_of_pairs(viewer), viewer))
    shown = _published(row, viewer) & _reached(row, viewer, viewer.alliances)
    met = _opened(row.site, "site", viewer, INVITED)
    return _mine(row, viewer) | _cared(row, viewer) | shown | met | suits


def _own(row: Row, viewer: Viewer) -> Q:
    """Contacts, people, files: the owner and the bureau of its city (others by an introduction's stage)."""
    return _mine(row, viewer) | _cared(row, viewer)


def _introduction(row: Row, viewer: Viewer) -> Q:
    """Its two firms, the bureaus of their cities, the bureaus of the demand's alliance; never another supplier."""
    firms = _any(["lab", "supplier"], viewer.firms)
    cared = _any(["lab__city", "supplier__city", "demand__lab_city"], viewer.care)
    own = _any(["lab_bureau", "supplier_bureau"], viewer.bureaus)
    allied = _any(["demand__alliance"], viewer.bureau_alliances)
    return _prefixed(row.introduction, firms | cared | own | allied)


def _introduction_parties(row: Row, viewer: Viewer) -> Q:
    """Who works on it: editors of its two firms, officials of its two bureaus."""
    firms = _any(["lab", "supplier"], viewer.editing)
    own = _any(["lab_bureau", "supplier_bureau"], viewer.bureaus)
    return _prefixed(row.introduction, firms | own)


def _answer(row: Row, viewer: Viewer) -> Q:
    """What a maker said to a demand: the maker itself and the demand's side, never another maker."""
    return _mine(row, viewer) | _prefixed(row.demand, _behind(viewer))


def _disclosure(row: Row, viewer: Viewer) -> Q:
    """What one's own organisations were told, and what they looked at."""
    return _any([row.owner], viewer.firms | viewer.bureaus)


def _run(row: Row, viewer: Viewer) -> Q:
    """Runs of an alliance: its bureaus; a run of one demand: also the lab behind it."""
    allied = _any([row.alliance], viewer.bureau_alliances)
    mine = _any([f"{row.demand}__owner"], viewer.firms)
    return allied | mine


def _meeting(row: Row, viewer: Viewer) -> Q:
    """Agenda, minutes, action items: only the bureaus at the table, not even the platform's admin."""
    if PAIRS.meetings is None:
        raise LookupError("matching has not said who sits at which meeting")
    return Q(**{f"{row.meeting}__in": PAIRS.meetings(viewer.bureaus)}) if viewer.bureaus else NOTHING


def _person(row: Row, viewer: Viewer) -> Q:
    """Rows of one person only."""
    return Q(**{row.owner: viewer.user_id}) if viewer.user_id else NOTHING


def _token(row: Row, viewer: Viewer) -> Q:
    """A person's own tokens; an organisation's: the owners of a firm, the officials of a bureau."""
    mine = Q(user=viewer.user_id, service=False) if viewer.user_id else NOTHING
    return mine | (Q(service=True) & _any([row.owner], viewer.owning | viewer.bureaus))


def _export(row: Row, viewer: Viewer) -> Q:
    """A person's own; an organisation's only for its own token: whoever fetches is who asked."""
    export = row.owner.removesuffix("organisation")
    if viewer.user_id:
        return Q((f"{export}user", viewer.user_id), (f"{export}service", False))
    return Q((f"{export}service", True)) & _any([row.owner], viewer.firms | viewer.bureaus)


def _saved_filter(row: Row, viewer: Viewer) -> Q:
    """Its maker, and everybody of the organisation it is shared with."""
    mine = Q(person=viewer.user_id) if viewer.user_id else NOTHING
    return mine | _any([row.owner], viewer.firms | viewer.bureaus)


def _edit_saved_filter(row: Row, viewer: Viewer) -> Q:
    """Its maker; what a firm or bureau shares also its owners and officials, or nobody could clear up."""
    mine = Q(person=viewer.user_id) if viewer.user_id else NOTHING
    return mine | _any([row.owner], viewer.owning | viewer.bureaus)


def _webhook(row: Row, viewer: Viewer) -> Q:
    """Where an organisation is told about events, and what was told: its editors, its officials; nobody else."""
    return _any([row.owner], viewer.editing | viewer.bureaus)


def _edit_people(row: Row, viewer: Viewer) -> Q:
    """A firm's owners, a bureau's officials; the platform's admin looks after the bureaus."""
    bureaus = Q(**{f"{row.owner}__kind": "bureau"}) if viewer.platform_admin else NOTHING
    return _any([row.owner], viewer.owning | viewer.bureaus) | bureaus


def _people(row: Row, viewer: Viewer) -> Q:
    return _own(row, viewer) | _edit_people(row, viewer)


def _join_request(row: Row, viewer: Viewer) -> Q:
    """Who asked, the firm that is asked, its bureau."""
    return _own(row, viewer) | Q(person=viewer.user_id)


def _decide_join(row: Row, viewer: Viewer) -> Q:
    """The firm's owners; the bureau decides claims, and for a firm that has no owner."""
    ownerless = ~Q(**{f"{row.owner}__memberships__role": "owner"})
    return _any([row.owner], viewer.owning) | (_cared(row, viewer) & (Q(kind="claim") | ownerless))


VISIBLE: dict[str, Callable[[Row, Viewer], Q]] = {
    "reference": _reference,
    "directory": _directory,
    "capability": _capability,
    "capability terms": _terms,
    "demand": _demand,
    "demand identity": _demand_identity,
    "demand asker": _demand_asker,
    "demand quantities": _demand_quantities,
    "demand side": _demand_side,
    "delivery record": _delivery_record,
    "evidence": _capability,
    "premises": _premises,
    "site": _site,
    "own": _own,
    "contact": _contact,
    "people": _people,
    "verification": _own,
    "join request": _join_request,
    "run": _run,
    "meeting": _meeting,
    "introduction": _introduction,
    "disclosure": _disclosure,
    "answer": _answer,
    "figures": lambda row, viewer: _any([row.alliance], viewer.bureau_alliances),
    "person": _person,
    "token": _token,
    "export": _export,
    "saved filter": _saved_filter,
    "attachment": shared.attachment,
    "message": shared.message,
    "webhook": _webhook,
}


def visible(row: Row, user: Any) -> Q:
    """Which rows of a model this user sees, as a condition."""
    viewer = viewer_of(user)
    if not viewer.known:
        return NOTHING
    return VISIBLE[row.kind](row, viewer)


def formerly(row: Row, user: Any) -> Q:
    """Which rows this user would see if their owners had not taken them back: for who keeps a copy of them."""
    viewer = viewer_of(user)
    if not viewer.known:
        return NOTHING
    if row.kind == "demand":
        firms = _any(["alliance"], viewer.firm_alliances) & Q(confidentiality="open")
        return _any(["alliance"], viewer.bureau_alliances) | firms
    if row.kind == "directory":
        return _entry(replace(row, published=()), viewer)
    rest = tuple(path for path in row.published if path != "published")
    return VISIBLE[row.kind](replace(row, published=rest), viewer)


def once_open(user: Any) -> Q:
    """Demands that this user read as long as all firms of the alliance did. Said about a Demand."""
    viewer = viewer_of(user)
    return _any(["alliance"], viewer.firm_alliances) if viewer.known else NOTHING


def once_there(row: Row, user: Any, *, published: bool) -> Q:
    """Places at which this user saw what was deleted: its owner, its bureau, and where it was published the alliance.

    Said about the place, which is left. Who read the row for a result or an introduction alone is not among them: those
    went with it.
    """
    viewer = viewer_of(user)
    if not viewer.known:
        return NOTHING
    shown = _published(row, viewer) & _reached(row, viewer, viewer.alliances) if published else NOTHING
    return _own(row, viewer) | shown


def colleagues(user: Any) -> Q:
    """Officials whom this person may write to by name, as a condition on a Membership."""
    viewer = viewer_of(user)
    return shared.colleagues(viewer) if viewer.known else NOTHING
