"""Telling people what changed: from the feed of changes to rows, and from rows to mail."""

from alliance.services.notices.feed import CONSUMER, follow_news
from alliance.services.notices.mailing import send_notice_mail
from alliance.services.notices.preferences import (
    channels_of,
    choose_channels,
    language_of,
    remember_language,
    unsubscribe,
    unsubscribe_token,
    who_unsubscribes,
)
from alliance.services.notices.reading import mark_all_read, mark_read
from alliance.services.notices.telling import STARTERS, TELLERS, News, members_of, tell, those_who_see

__all__ = [
    "CONSUMER",
    "STARTERS",
    "TELLERS",
    "News",
    "channels_of",
    "choose_channels",
    "follow_news",
    "language_of",
    "mark_all_read",
    "mark_read",
    "members_of",
    "remember_language",
    "send_notice_mail",
    "tell",
    "those_who_see",
    "unsubscribe",
    "unsubscribe_token",
    "who_unsubscribes",
]
