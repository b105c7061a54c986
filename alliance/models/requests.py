"""What programs asked, so that asking again does nothing twice."""

from django.db import models
from django.db.models.functions import Now


class IdempotencyKey(models.Model):
    """The answer to a request that carried an `Idempotency-Key`: written in the transaction of its effect.

    `principal`: the token or person that asked; `digest`: of method, address and body; `rights`: what they were then.
    Swept after a day.
    """

    principal = models.CharField(max_length=80)
    key = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.JSONField(null=True)
    rights = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))
    made_at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["principal", "key"], name="idempotency_key_once"),
        ]

    def __str__(self) -> str:
        return f"{self.principal} {self.key}"
