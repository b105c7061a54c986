"""What the published demands of an alliance name, one bit for an id: true in every snapshot that shows no mark.

A bureau's lists ask it of thousands of rows. From the arrays beside the demands (`DemandResult`) half a million ids
would be read for each list; here one bit of each row is looked at. Decision 18 proves that no reader meets a bit that
is not true.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Exists, Field, Lookup, OuterRef

from alliance.access import GuardedQuerySet
from alliance.models import Alliance


class NamedIds(models.Model):
    """By an alliance the ids that current results of its published demands name, as bits.

    `paired`: capabilities of matches and near misses; `offered`: those and of demands of open scope the teams';
    `suppliers`: the same of firms; `suppliers_open` and `sites_open`: all of demands of open scope. Bit n of byte n / 8
    counts from the low end, as `get_bit` does; an id beyond the end is not named. Derived, by
    `matching.services.results.naming`. `whole`: every pointer had its result; otherwise nothing can be said.
    """

    alliance = models.OneToOneField(Alliance, models.CASCADE, primary_key=True, related_name="+")
    paired = models.BinaryField(default=b"")
    offered = models.BinaryField(default=b"")
    suppliers = models.BinaryField(default=b"")
    suppliers_open = models.BinaryField(default=b"")
    sites_open = models.BinaryField(default=b"")
    whole = models.BooleanField(default=False)
    built_at = models.DateTimeField()
    took = models.FloatField(help_text="milliseconds")

    objects = models.Manager.from_queryset(GuardedQuerySet)()

    def __str__(self) -> str:
        return f"ids named in {self.alliance_id}"


class NamedMark(models.Model):
    """Something moved since the bits of this alliance were made. Written by triggers (migration 0024) in the
    transaction that moves it, taken away by who has made the bits anew. No foreign key: it would lock the alliance."""

    alliance_id = models.BigIntegerField(db_index=True)

    objects = models.Manager.from_queryset(GuardedQuerySet)()

    def __str__(self) -> str:
        return f"{self.alliance_id} #{self.pk}"


def unproved(alliances: Iterable[int]) -> Any:
    """Those of the alliances whose bits say nothing at this moment."""
    bits = NamedIds.objects.filter(alliance=OuterRef("pk"), whole=True)
    marks = NamedMark.objects.filter(alliance_id=OuterRef("pk"))
    return Alliance.objects.filter(~Exists(bits) | Exists(marks), pk__in=sorted(alliances)).order_by()


@dataclass(frozen=True)
class Bits:
    """The bits of one kind (a column of `NamedIds`) of these alliances."""

    kind: str
    alliances: frozenset[int]


# Both are read once for a statement. `||` makes a copy in memory: without it the bits would be fetched anew for every
# row. Where there are none, or a mark, there is no end either: nobody is named.
END = """(SELECT 8 * octet_length(b.{kind}) FROM matching_namedids b WHERE b.alliance_id = %s AND b.whole
          AND NOT EXISTS (SELECT FROM matching_namedmark m WHERE m.alliance_id = b.alliance_id))"""
BITS = "(SELECT b.{kind} || ''::bytea FROM matching_namedids b WHERE b.alliance_id = %s)"
NAMED = f"CASE WHEN {{key}} < {END} THEN get_bit({BITS}, {{key}}) = 1 ELSE false END"


@Field.register_lookup
class NamedBy(Lookup):
    """`key__named_by=Bits(…)`: a demand of one of these alliances names the key, as far as bits are proved."""

    lookup_name = "named_by"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        key, params = self.process_lhs(compiler, connection)
        each = NAMED.format(key=key, kind=self.rhs.kind)  # a column's name: ours, nobody else's
        told: list[Any] = []
        for alliance in sorted(self.rhs.alliances):
            told += [*params, int(alliance), int(alliance), *params]
        return f"({' OR '.join([each] * len(self.rhs.alliances))})", tuple(told)
