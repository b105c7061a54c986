"""How people and firms come in: verification by a bureau, claims and requests to join, invitations, mail."""

import uuid

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from alliance.access import Row
from alliance.choices import DecisionState, JoinKind, MemberRole
from alliance.models.base import GuardedManager, Published
from alliance.models.organisations import Organisation


class Decision(Published):
    """Something that is asked for and granted or refused once, with a reason."""

    state = models.CharField(max_length=8, choices=DecisionState, default=DecisionState.WAITING)
    note = models.TextField(blank=True, max_length=2000)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        abstract = True


class Verification(Decision):
    """A firm asks the bureau of its city to confirm that it is what it says it is."""

    access = Row("verification", owner="organisation", cities=("organisation__city",))
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="verifications")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = GuardedManager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=DecisionState.values), name="verification_state"),
            models.UniqueConstraint(
                fields=["organisation"], condition=Q(state="waiting"), name="verification_waits_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id}: {self.state}"


class JoinRequest(Decision):
    """A person asks to belong to a firm: to join one that is registered, or to claim an entry that nobody has.

    `uscc`: the credit code that a claimed entry gets when the bureau grants it.
    """

    access = Row("join request", owner="organisation", cities=("organisation__city",))
    kind = models.CharField(max_length=6, choices=JoinKind)
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="join_requests")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="join_requests")
    uscc = models.CharField(max_length=18, blank=True)

    objects = GuardedManager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=DecisionState.values), name="join_request_state"),
            models.CheckConstraint(condition=Q(kind__in=JoinKind.values), name="join_request_kind"),
            models.UniqueConstraint(
                fields=["organisation", "person"],
                condition=Q(state="waiting"),
                name="join_request_waits_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.organisation_id}: {self.state}"


class Invitation(models.Model):
    """A link that lets one person into an organisation, once; only its digest is stored."""

    access = Row("people", owner="organisation", cities=("organisation__city",))
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=10, choices=MemberRole)
    email = models.EmailField(blank=True)
    digest = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    used_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = GuardedManager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.role} of {self.organisation_id}"


class Mail(models.Model):
    """A mail that waits to be sent: at least once, tried again with growing pauses. The platform's admin reads it
    where no mail server is set; of one marked `private` only that it is there."""

    public_id = models.UUIDField(db_default=RandomUUID(), unique=True, editable=False)
    to = models.EmailField()
    subject = models.CharField(max_length=300)
    body = models.TextField()
    headers = models.JSONField(default=dict, blank=True)
    private = models.BooleanField(default=False)
    made_at = models.DateTimeField(db_default=Now())
    next_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["next_at"], condition=Q(sent_at=None), name="mail_waiting")]

    def __str__(self) -> str:
        return f"{self.to}: {self.subject}"
