"""Reading the feed of changes in a test: its own transaction is still open, so the feed's guard is left out."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from django.db.models import Max

from alliance.models import Change, ConsumerPosition, Notice
from alliance.selectors.notices import attach_words, notice_list
from alliance.services.notices import CONSUMER, follow_news
from alliance.services.notices import feed as feed_module
from tests.cast import World

UNGUARDED = feed_module.READ.replace(
    "AND transaction < pg_snapshot_xmin(pg_current_snapshot())::text::bigint", ""
)


@contextmanager
def unguarded() -> Iterator[None]:
    """What this transaction has written is read at once; reading goes on after the newest change of now."""
    last = Change.objects.aggregate(last=Max("id"))["last"] or 0
    newest = Change.objects.filter(pk=last).values_list("transaction", flat=True).first() or 1
    ConsumerPosition.objects.update_or_create(name=CONSUMER, defaults={"transaction": newest, "change": last})
    with (
        patch.object(feed_module, "READ", UNGUARDED),
        patch.object(feed_module, "_is_from_another_cluster", lambda position: False),
    ):
        yield


def told(world: World, name: str) -> list[tuple[str, str]]:
    """(key, words) of everything this person was told, oldest first; None for what is not open to it."""
    user = world.person(name)
    rows = list(notice_list(user).order_by("id"))
    attach_words(user, rows)
    return [(row.key, row.said and f"{row.said.title}: {row.said.words}") for row in rows]


def heard(key: str) -> set[str]:
    """Who was told of this."""
    return set(Notice.objects.filter(key=key).values_list("user__username", flat=True))


__all__ = ["follow_news", "heard", "told", "unguarded"]
