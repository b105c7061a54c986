"""Spreadsheets that people upload, of capabilities here: what was in them, what was wrong, what they changed."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from alliance.access import Row
from alliance.choices import ImportState
from alliance.models import GuardedManager, Organisation, Published

#: How often a step that went wrong is tried before people are told.
MOST_ATTEMPTS = 5


class UploadedSheet(Published):
    """A sheet on its way: mapped, checked, saved, taken back. Nothing of it counts before it is saved.

    `header`: the column headings; `mapping`: column -> field ("" = left out); `edits`: "sheet!row:column" -> the
    text that replaces the cell; `counts`: new, changed, same, errors, …
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=ImportState, default=ImportState.MAPPING)
    header = models.JSONField(default=list)
    mapping = models.JSONField(default=dict)
    remembered = models.BooleanField(default=False)
    edits = models.JSONField(default=dict)
    problems = models.JSONField(default=list)
    counts = models.JSONField(default=dict)
    row_count = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.file_name


class RememberedColumn(models.Model):
    """How a column of an organisation's sheets was mapped last time."""

    access = Row("own", owner="organisation", cities=("organisation__city",))
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="+")
    heading = models.CharField(max_length=200)
    field = models.CharField(max_length=80, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.heading} → {self.field}"


class SheetImport(UploadedSheet):
    """Capabilities of a firm. `counts` have hints, too."""

    access = Row("own", owner="organisation", cities=("organisation__city",))
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="sheet_imports")
    component_type = models.CharField(max_length=64, blank=True, help_text="of rows that name none")
    save_when_clean = models.BooleanField(
        default=False, help_text="saved without another word once nothing is wrong"
    )
    done = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0, help_text="of the step that runs")
    language = models.CharField(
        max_length=10, blank=True, default="", db_default="", help_text="in which problems are told"
    )
    lease_until = models.DateTimeField(null=True, blank=True)

    objects = GuardedManager()

    class Meta(UploadedSheet.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ImportState.values), name="sheet_import_state")
        ]

    @property
    def share(self) -> float:
        """How much of the step that runs is done, from 0 to 1."""
        return min(1.0, self.done / self.row_count) if self.row_count else 0.0

    @property
    def works(self) -> bool:
        """Somebody checks, saves or takes it back at this moment, or soon will."""
        return self.state in (ImportState.CHECKING, ImportState.SAVING, ImportState.UNDOING)

    @property
    def put_back(self) -> int:
        """Of a sheet that was taken back: how many rows are as they were before."""
        return int(self.counts.get("restored", 0)) + int(self.counts.get("removed", 0))

    @property
    def undo_failed(self) -> bool:
        """Taking it back went wrong each time it was tried: what it saved is still there."""
        return self.state == ImportState.SAVED and self.attempts > MOST_ATTEMPTS


class SheetRows(models.Model):
    """The cells of a sheet, and what saving it changed: apart, because they are large."""

    access = Row("own", owner="sheet__organisation", cities=("sheet__organisation__city",))
    sheet = models.OneToOneField(SheetImport, models.CASCADE, primary_key=True, related_name="cells")
    rows = models.JSONField(default=list, help_text="[sheet's name, row number, [cells]]")
    before = models.JSONField(default=dict)

    objects = GuardedManager()


class ColumnMemory(RememberedColumn):
    """Of a firm's sheets of capabilities."""

    objects = GuardedManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "heading"], name="column_memory_once")]
