"""The second step of signing in, and how often something was tried."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from alliance.access import Row
from alliance.models.base import GuardedManager


class SecondFactor(models.Model):
    """A person's app that shows a new code every half minute (RFC 6238). Counts only once it is confirmed.

    `last_step` is the time step of the last accepted code: only later ones are accepted, so none works twice.
    """

    access = Row("person", owner="person")
    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="second_factor"
    )
    key = models.CharField(max_length=64, help_text="20 random bytes, as hex")
    last_step = models.BigIntegerField(default=-1)
    made_at = models.DateTimeField(db_default=Now())
    confirmed_at = models.DateTimeField(null=True, blank=True)

    objects = GuardedManager()

    def __str__(self) -> str:
        return f"{self.person_id}: {'on' if self.confirmed_at else 'begun'}"


class RecoveryCode(models.Model):
    """Lets a person in once when the app is not at hand; only a keyed digest is stored."""

    access = Row("person", owner="factor__person")
    factor = models.ForeignKey(SecondFactor, models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True, blank=True)

    objects = GuardedManager()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["factor", "digest"], name="recovery_code_once")]

    def __str__(self) -> str:
        return f"{self.factor_id}: {'used' if self.used_at else 'good'}"


class Attempt(models.Model):
    """How often something was tried by or for somebody in the window that ends at `ends`.

    `key` is a keyed digest: neither addresses nor what people type as their name is stored.
    """

    what = models.CharField(max_length=40)
    key = models.CharField(max_length=64)
    ends = models.DateTimeField()
    count = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["what", "key", "ends"], name="attempt_window")]
        indexes = [models.Index(fields=["ends"], name="attempt_ends")]

    def __str__(self) -> str:
        return f"{self.what}: {self.count}"
