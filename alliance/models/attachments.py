"""Files that hang on a row: what they are, whose they are, from which stage on the other side may open them."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from alliance.access import Row
from alliance.choices import FileStage
from alliance.models.base import GuardedManager, Published
from alliance.models.organisations import Organisation


class Attachment(Published):
    """A file of `owner` on the row (kind, object_id). Its bytes lie under FILES_DIR at `path`, and never change.

    `content_type` is what its content says, not its name. Withdrawn files stay, for the owner to restore.
    """

    access = Row("attachment", owner="owner", cities=("owner__city",))
    kind = models.CharField(max_length=40)
    object_id = models.UUIDField()
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="attachments")
    #: Of a bureau's file on a demand, firm or site: whose row that is. It opens what is not for the bureau alone.
    row_owner = models.ForeignKey(Organisation, models.PROTECT, null=True, blank=True, related_name="+")
    stage = models.PositiveSmallIntegerField(choices=FileStage, default=FileStage.CONFIDENTIAL)
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField(help_text="bytes")
    sha256 = models.CharField(max_length=64)
    path = models.CharField(max_length=100, unique=True, help_text="below FILES_DIR")
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = GuardedManager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(stage__in=FileStage.values), name="attachment_stage"),
            models.UniqueConstraint(
                fields=["kind", "object_id", "owner", "sha256"],
                condition=Q(withdrawn_at=None),
                name="attachment_once",
            ),
        ]
        indexes = [models.Index(fields=["kind", "object_id", "-id"], name="attachment_row")]

    def __str__(self) -> str:
        return self.name
