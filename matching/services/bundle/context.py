"""What the importers of one bundle share: source, problems, names, parameters, and what was touched."""

from dataclasses import dataclass, field

from django.db.models import Model

from alliance.models import Organisation
from matching.services.bundle.lookups import Lookups
from matching.services.bundle.parameters import ParameterSets
from matching.services.bundle.problems import Problems
from matching.services.bundle.source import Source
from matching.services.bundle.staging import Touched, new_ids


@dataclass
class Count:
    created: int = 0
    updated: int = 0
    removed: int = 0

    @property
    def any(self) -> bool:
        return bool(self.created or self.updated or self.removed)


@dataclass
class Context:
    """`parameters` lack a tree that could not be read; then values on it are not judged."""

    source: Source
    files: list[str]
    problems: Problems = field(default_factory=Problems)
    lookups: Lookups = field(default_factory=Lookups)
    parameters: dict[str, ParameterSets] = field(default_factory=dict)
    touched: dict[str, Touched] = field(default_factory=dict)
    created: dict[str, Touched] = field(default_factory=dict)
    counts: dict[str, Count] = field(default_factory=dict)
    published_demands: dict[int, int] = field(default_factory=dict)
    trees_changed: bool = False
    unclaimed: set[int] | None = None
    line_counts: dict[int, int] = field(default_factory=dict)
    listed_demands: set[int] = field(default_factory=set)
    listed_sites: set[int] = field(default_factory=set)
    _fake: int = 0

    @property
    def sound(self) -> bool:
        """No problem so far: rows are staged and written. After the first one they are only judged."""
        return not self.problems

    def ids(self, model: type[Model], count: int) -> list[int]:
        """Ids of rows to be created; stand-ins when nothing will be."""
        if not count:
            return []
        if self.sound:
            return new_ids(model, count)
        self._fake -= count
        return list(range(self._fake, self._fake + count))

    def unclaimed_organisations(self) -> set[int]:
        """Entries that nobody has claimed, as they will be after this import."""
        if self.unclaimed is None:
            self.unclaimed = set(Organisation.objects.filter(claimed=False).values_list("id", flat=True))
        return self.unclaimed

    def touch(self, file: str) -> Touched:
        if file not in self.touched:
            self.touched[file] = Touched(_table_name(file))
        return self.touched[file]

    def create(self, file: str) -> Touched:
        if file not in self.created:
            self.created[file] = Touched("new_" + _table_name(file))
        return self.created[file]

    def clean_up(self) -> None:
        for table in (*self.touched.values(), *self.created.values()):
            table.drop()


def _table_name(file: str) -> str:
    return file.split(".")[0]
