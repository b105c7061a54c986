"""Closed lists of values that models, forms and the API share. A leaf: imports nothing of the project."""

from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

#: Days that people and programs may name: a slip of the year is told, and far ones have no day after them.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)


class CityRole(models.TextChoices):
    """What a city does in an alliance."""

    RND = "rnd", _("research and planning")
    COMPONENTS = "components", _("precision parts")
    PRODUCTION = "production", _("volume manufacturing")
    SITES = "sites", _("application sites")
    SUPPORT = "support", _("space and policy")


class OrganisationKind(models.TextChoices):
    FIRM = "firm", _("firm")
    BUREAU = "bureau", _("bureau")


class OrganisationRole(models.TextChoices):
    """What an organisation does."""

    RND = "rnd", _("research")
    MANUFACTURER = "manufacturer", _("manufacturer")
    INTEGRATOR = "integrator", _("system integrator")
    SERVICE = "service", _("service provider")
    OPERATOR = "operator", _("site operator")


class MemberRole(models.TextChoices):
    """What a person may do in an organisation; the last two only in a bureau."""

    OWNER = "owner", _("owner")
    EDITOR = "editor", _("editor")
    VIEWER = "viewer", pgettext_lazy("role", "viewer")
    OFFICIAL = "official", _("official")
    ALLIANCE_ADMIN = "admin", _("alliance admin")


FIRM_ROLES = (MemberRole.OWNER, MemberRole.EDITOR, MemberRole.VIEWER)
BUREAU_ROLES = (MemberRole.OFFICIAL, MemberRole.ALLIANCE_ADMIN)


class ValueKind(models.TextChoices):
    """The kind of a spec parameter."""

    NUMBER = "number", _("number")
    RANGE = "range", _("range")
    CHOICE = "choice", _("choice")
    BOOL = "bool", _("yes or no")


class Operator(models.TextChoices):
    """How a requirement compares; `=` is stored as `between v, v`."""

    AT_LEAST = ">=", _("at least")
    AT_MOST = "<=", _("at most")
    EQUAL = "=", _("exactly")
    BETWEEN = "between", _("between")
    COVERS = "covers", _("covers")
    ONE_OF = "one_of", _("one of")
    IS = "is", _("is")


class Scope(models.TextChoices):
    """Where a demand looks for suppliers and sites."""

    ALLIANCE = "alliance", _("the alliance")
    OPEN = "open", _("everywhere")


class Confidentiality(models.TextChoices):
    OPEN = "open", _("open")
    MEMBERS = "members", _("alliance members")
    INTRODUCTION = "introduction", _("after introduction")


class RunState(models.TextChoices):
    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    FINISHED = "finished", _("finished")
    PARTIAL = "partial", _("partly failed")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


class ChunkState(models.TextChoices):
    PENDING = "pending", _("pending")
    CLAIMED = "claimed", _("being worked on")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


class MeetingState(models.TextChoices):
    PLANNED = "planned", _("planned")
    HELD = "held", pgettext_lazy("meeting", "held")
    CANCELLED = "cancelled", pgettext_lazy("meeting", "cancelled")


class AgendaKind(models.TextChoices):
    """Why a point is on the agenda."""

    CARRIED = "carried", _("open from earlier meetings")
    OVERDUE = "overdue", _("introductions overdue")
    UNCOVERED = "uncovered", _("lines nobody can supply")
    PIPELINE = "pipeline", _("new pipelines")
    OWN = "own", _("own points")


class IntroductionState(models.TextChoices):
    """How far two firms have come; the order is the order of the work."""

    PROPOSED = "proposed", _("proposed")
    ACCEPTED = "accepted", _("accepted by both")
    CONFIDENTIAL = "confidential", _("confidentiality agreed")
    TALKS = "talks", _("talks")
    SAMPLE = "sample", _("sample")
    SIGNED = "signed", _("signed")
    DELIVERED = "delivered", _("delivered")
    DECLINED = "declined", _("declined")


class MilestoneKind(models.TextChoices):
    """What a pilot passes on its way to the market."""

    PROTOTYPE = "prototype", _("prototype")
    TRIAL = "trial", _("trial")
    VOLUME = "volume", _("volume production")
    DEPLOYED = "deployed", _("deployed")


class DisclosureStage(models.IntegerChoices):
    """How much of what is secret an introduction has opened to an organisation."""

    INVITED = 0, _("requirements and dates")
    ACCEPTED = 1, _("names, lab, title and contacts")
    CONFIDENTIAL = 2, _("drawings and files")


class FileStage(models.IntegerChoices):
    """From which stage of an introduction on the other side may open a file."""

    ACCEPTED = 1, _("once both firms have accepted")
    CONFIDENTIAL = 2, _("once the confidentiality agreement is recorded")
    #: A bureau's file only: the organisation whose row it hangs on, and nobody else.
    OWNER = 8, _("never: only our bureau and whose row this is")
    CLOSED = 9, _("never: only we and our bureau")


class Audience(models.TextChoices):
    """Who reads a message."""

    BUREAUS = "bureaus", _("the bureaus only")
    PARTIES = "parties", _("both firms and their bureaus")
    FIRM = "firm", _("one firm, its bureau and the bureau that asks")


class DecisionState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    GRANTED = "granted", _("granted")
    REFUSED = "refused", _("refused")


class JoinKind(models.TextChoices):
    """Joining a firm that is registered, or claiming an entry that nobody has."""

    JOIN = "join", _("wants to join")
    CLAIM = "claim", _("claims the entry")


class ImportState(models.TextChoices):
    """A sheet on its way."""

    MAPPING = "mapping", _("map columns")
    CHECKING = "checking", _("being checked")
    CHECKED = "checked", _("checked")
    SAVING = "saving", _("being saved")
    SAVED = "saved", _("saved")
    UNDOING = "undoing", _("being taken back")
    UNDONE = "undone", pgettext_lazy("sheet", "taken back")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


class NoticeGroup(models.TextChoices):
    """What people are told about; each person chooses how for each of them."""

    INTRODUCTIONS = "introductions", _("Introductions")
    MESSAGES = "messages", _("Questions and messages")
    JOINING = "joining", _("Verification and people")
    MEETINGS = "meetings", _("Meetings and tasks")
    MATCHES = "matches", _("New matches")
    DATA = "data", _("Imports and dates")


class NoticeChannel(models.TextChoices):
    """How one hears of something."""

    MAIL = "mail", _("in the app and by mail at once")
    DIGEST = "digest", _("in the app and in the daily mail")
    APP = "app", _("in the app only")
    NONE = "none", _("not at all")


class DeliveryState(models.TextChoices):
    """What became of a message to a webhook."""

    WAITING = "waiting", _("waiting")
    DELIVERED = "delivered", pgettext_lazy("message", "delivered")
    FAILED = "failed", _("failed")


class Exported(models.TextChoices):
    """What programs take out in one file."""

    CAPABILITIES = "capabilities", _("capabilities")
    DEMANDS = "demands", _("demands")
    MATCHES = "matches", _("matches")


class ExportFormat(models.TextChoices):
    CSV = "csv", "CSV"
    XLSX = "xlsx", "XLSX"
    JSONL = "jsonl", "JSON Lines"


class ExportState(models.TextChoices):
    """A file on its way out. Expired: its time has passed, or its asker may not see all of it any more."""

    WAITING = "waiting", _("waiting")
    WORKING = "working", _("being written")
    DONE = "done", _("ready")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")
    EXPIRED = "expired", _("expired")

    @classmethod
    def ended(cls) -> list[str]:
        return [cls.FAILED, cls.CANCELLED, cls.EXPIRED]
