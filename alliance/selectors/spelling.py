"""Names as people type them: without spaces and punctuation, in pinyin, by its initials."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from pypinyin import Style, lazy_pinyin

# The same as in the database function `search_text` (migration 0014).
_APART = re.compile(r"[\s!-/:-@\[-`{|}~（）《》「」、，。·：；－]+")
MOST_WORDS = 5
LONGEST = 60


def plain(text: str) -> str:
    return _APART.sub("", text.lower())


def words_of(text: str) -> list[str]:
    """What somebody searches for, word by word, as it stands in what is searched."""
    tidy = "".join(c if c.isprintable() else " " for c in text[:LONGEST])
    return [word for word in map(plain, tidy.split()) if word][:MOST_WORDS]


@lru_cache(maxsize=16384)
def spellings(name: str) -> tuple[str, ...]:
    """A name's own letters; for Chinese also pinyin and its initials, for others the initials of the words."""
    own = plain(name)
    if name.isascii():
        return (own, "".join(word[0] for word in name.lower().split() if word))
    full = plain("".join(lazy_pinyin(name)))
    return own, full, plain("".join(lazy_pinyin(name, style=Style.FIRST_LETTER)))


def closeness(names: Iterable[str], words: list[str]) -> int | None:
    """How well one of the names fits all words: 0 equal, 1 begins with, 2 contains; None: not at all."""
    best: int | None = None
    for name in names:
        for spelling in spellings(name) if name else ():
            if all(word in spelling for word in words):
                near = 0 if spelling == "".join(words) else 1 if spelling.startswith(words[0]) else 2
                best = near if best is None else min(best, near)
    return best
