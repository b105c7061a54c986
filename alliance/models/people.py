"""People, what they may do in which organisation, and their API tokens."""

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone
from knox.models import AbstractAuthToken

from alliance.access import Row
from alliance.choices import MemberRole
from alliance.models.base import GuardedManager
from alliance.models.organisations import Organisation
from alliance.models.places import Alliance


class User(AbstractUser):
    """A person. `is_superuser` marks a platform admin, who sees firms' contents as a bureau does."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    display_name = models.CharField(max_length=150, blank=True)
    email_confirmed_at = models.DateTimeField(null=True, blank=True)
    chosen_alliance = models.ForeignKey(
        Alliance, models.SET_NULL, null=True, blank=True, related_name="+", help_text="looked at last"
    )
    organisations = models.ManyToManyField(Organisation, through="Membership", related_name="people")

    def __str__(self) -> str:
        return self.display_name or self.username

    @property
    def pseudonym(self) -> str:
        """What changes call the person: they are never rewritten, and name nobody who was erased."""
        return str(self.pk)

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)


class Membership(models.Model):
    """A person's role in an organisation."""

    access = Row("people", owner="organisation", cities=("organisation__city",))
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=10, choices=MemberRole)

    objects = GuardedManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "organisation"], name="membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=MemberRole.values), name="membership_role"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} of {self.organisation_id}"


class ApiToken(AbstractAuthToken):
    """A token for the REST API: only its digest is stored; the token itself is shown once.

    `organisation`: it acts for this one only. `service`: it is the organisation's own and stays when its maker
    leaves; `user` is then who made it, in whose name changes are written.
    """

    access = Row("token", owner="organisation")
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=100)
    scopes = models.JSONField(default=list, help_text="read, write, webhooks")
    organisation = models.ForeignKey(
        Organisation, models.CASCADE, null=True, blank=True, related_name="tokens"
    )
    service = models.BooleanField(default=False)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = GuardedManager()  # type: ignore[misc,assignment]

    class Meta:
        ordering = ["-created"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(service=False) | models.Q(organisation__isnull=False),
                name="token_of_an_organisation",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def expired(self) -> bool:
        return self.expiry is not None and self.expiry <= timezone.now()
