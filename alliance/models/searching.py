"""Text that people search: the expressions that an index and its query must share to the letter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db.models import F, Func, Model, Q, QuerySet, TextField, Value
from django.db.models.functions import Coalesce, Concat

PAIR = 2
MANY = 3000
NEWEST = 100


@dataclass(frozen=True)
class Searched:
    """Which fields of a model are searched: names one after the other, and one that holds pinyin. `alike`: many names
    share a word, as firms' do."""

    names: tuple[str, ...]
    pinyin: str = ""
    alike: bool = False

    def knows(self, letters: str) -> bool:
        """Whether the index is to be asked for a word of these letters. One letter is no pair; of pinyin two Latin ones
        in a row stand in a large part of all rows."""
        return len(letters) >= PAIR + (bool(self.pinyin) and letters.isascii())

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
        """Finds any two characters in a row. A migration creates the functions first (alliance 0014)."""
        return GinIndex(self.pairs, name=name)

    def find(self, rows: QuerySet[Any], words: list[str]) -> QuerySet[Any]:
        """Rows that contain every word; words are as `alliance.selectors.spelling.words_of` makes them.

        What the index finds narrows the rows by key, so that who may see them is asked of few. Where it finds
        very many, the rows' own order finds the first ones sooner.
        """
        return self.finder(rows.model, words)(rows)

    def finder(self, model: type[Model], words: list[str]) -> Callable[[QuerySet[Any]], QuerySet[Any]]:
        """The same for several querysets of the model; the index is asked once."""
        if not (self.alike and self._in_every_second(model, words)):
            every = model._base_manager.alias(searched_text=self.text, searched_pairs=self.pairs)
            keys = list(every.filter(self._contain(words)).values_list("pk", flat=True)[: MANY + 1])
            if len(keys) <= MANY:
                # As one value where the key is a number: a thousand of them take the driver milliseconds to write.
                look = "pk__in" if model._meta.pk.is_relation else "pk__one_of"
                return lambda rows: rows.filter(**{look: keys})
        named = {"searched_text": self.text, "searched_pairs": self.pairs}
        return lambda rows: rows.alias(**named).filter(self._contain(words))

    def _in_every_second(self, model: type[Model], words: list[str]) -> bool:
        """Whether half of the newest rows hold all words in their names: the index would name every one of them."""
        said = Q()
        for word in words:
            said &= _any_name(word, self.names)
        newest = model._base_manager.order_by("-pk").values("pk")[:NEWEST]
        return model._base_manager.filter(said, pk__in=newest).count() > NEWEST // 2

    def holding(self, model: type[Model], word: str) -> QuerySet[Any]:
        """Rows that may contain the word, found by the index: of those that do, none is missing. What is too
        short for the index is for the caller to look for."""
        every = model._base_manager.alias(searched_pairs=self.pairs)
        said = Func(Value(word), Value(""), function="search_text", output_field=TextField())
        pairs = Func(said, function="search_grams", output_field=ArrayField(TextField()))
        return every.filter(searched_pairs__contains=pairs)

    @staticmethod
    def _contain(words: list[str]) -> Q:
        """All pairs of neighbouring characters. That they follow each other is not looked up again: reading the text
        of a thousand rows costs more than the rare wrong hit; only a word that repeats a pair would find too much."""
        condition = Q()
        for word in words:
            pairs = sorted({word[i : i + PAIR] for i in range(len(word) - 1)})
            if pairs:
                condition &= Q(searched_pairs__contains=pairs)
            if len(pairs) < len(word) - 1 or not pairs:
                condition &= Q(searched_text__contains=word)
        return condition


def _any_name(word: str, names: tuple[str, ...]) -> Q:
    condition = Q()
    for name in names:
        condition |= Q(**{f"{name}__icontains": word})
    return condition
