"""Rules of what hangs on other rows by (kind, object id): files, messages, and who may be addressed."""

from django.db.models import Exists, OuterRef, Q

from alliance.access.rows import ACCEPTED, NOTHING, Row, any_of, cared, mine
from alliance.viewer import Viewer, table

CLOSED = 9  # of alliance.choices.FileStage


def _disclosed(viewer: Viewer, **more: object) -> Exists:
    """An introduction has opened the row that this one hangs on to one of the viewer's organisations."""
    rows = table("Disclosure").filter(organisation__in=viewer.firms | viewer.bureaus)
    return Exists(rows.filter(kind=OuterRef("kind"), object_id=OuterRef("object_id"), **more))


def attachment(row: Row, viewer: Viewer) -> Q:
    """Its owner, the bureau of the owner's city, and by its stage those whom an introduction has let in. What a bureau
    hangs on another's row is opened by that one too, unless the bureau keeps it to itself."""
    opened = Q(_disclosed(viewer, stage__gte=OuterRef("stage")))
    on_ours = any_of(["row_owner"], viewer.firms) & Q(stage__lt=CLOSED)
    return mine(row, viewer) | cared(row, viewer) | (Q(withdrawn_at=None) & (opened | on_ours))


def edit_attachment(row: Row, viewer: Viewer) -> Q:
    return any_of([row.owner], viewer.editing | viewer.bureaus)


def message(row: Row, viewer: Viewer) -> Q:
    """Whoever it was written to: the bureaus on a thread, one firm that was asked and the bureaus beside it, not even
    the platform's admin. What the two firms of an introduction wrote each other closes again when the introduction
    does; one's own stays."""
    own = viewer.firms | viewer.bureaus
    if not own:
        return NOTHING
    read = Q(Exists(table("MessageReader").filter(message=OuterRef("pk"), organisation__in=own)))
    open_still = (
        Q(audience__in=["bureaus", "firm"])
        | Q(organisation__in=own)
        | Q(_disclosed(viewer, stage__gte=ACCEPTED))
    )
    return read & open_still


def edit_message(row: Row, viewer: Viewer) -> Q:
    return Q(**{row.owner: viewer.user_id})


def colleagues(viewer: Viewer) -> Q:
    """Officials of the bureaus that share an alliance with one's own bureau. Said about a Membership."""
    if not viewer.bureaus:
        return NOTHING
    cities = table("AllianceReach").filter(alliance__in=viewer.bureau_alliances).values("city_id")
    shared = Q(organisation__city__in=cities) | Q(organisation__in=viewer.bureaus)
    return shared & Q(organisation__kind="bureau", organisation__suspended=False, user__is_active=True)
