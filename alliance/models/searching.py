"""Text that people search: the expressions that an index and its query must share to the letter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db.models import F, Func, Q, QuerySet, TextField, Value
from django.db.models.functions import Coalesce, Concat

PAIR = 2


@dataclass(frozen=True)
class Searched:
    """Which fields of a model are searched: names one after the other, and one that holds pinyin."""

    names: tuple[str, ...]
    pinyin: str = ""

    @property
    def text(self) -> Func:
        parts: list[Any] = []
        for name in self.names:
            parts += [Coalesce(F(name), Value("")), Value("|")]
        heard = F(self.pinyin) if self.pinyin else Value("")
        joined = Concat(*parts, output_field=TextField())
        return Func(joined, heard, function="search_text", output_field=TextField())

    @property
    def pairs(self) -> Func:
        return Func(self.text, function="search_grams", output_field=ArrayField(TextField()))

    def index(self, name: str) -> GinIndex:
        """Finds any two characters in a row. A migration creates the functions first (alliance 0009)."""
        return GinIndex(self.pairs, name=name)

    def find(self, rows: QuerySet[Any], words: list[str]) -> QuerySet[Any]:
        """Rows that contain every word; words are as `alliance.selectors.spelling.words_of` makes them."""
        condition = Q()
        for word in words:
            pairs = sorted({word[i : i + PAIR] for i in range(len(word) - 1)})
            condition &= Q(searched_text__contains=word)
            if pairs:
                condition &= Q(searched_pairs__contains=pairs)
        return rows.alias(searched_text=self.text, searched_pairs=self.pairs).filter(condition)
