"""Exports a region as a bundle: every value in its one canonical text, rows in the order of their creation."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from alliance.errors import DomainError
from alliance.models import Alliance, City, Organisation
from companies.models import ComponentType, Facility
from companies.specs import plain_number
from matching.models import Demand
from matching.services.bundle.cells import Column
from matching.services.bundle.layout import COLUMNS, COMPONENT_TYPES, ORDER, SCENARIO_TYPES
from matching.services.bundle.lookups import Names, Scoped
from matching.services.bundle.places import LINE_TERMS, SITE_TERMS
from matching.services.bundle.reading import Values, stored_rows
from matching.services.bundle.selection import Selection, everything, of_alliance
from matching.services.bundle.tree_rows import TREES, KeyRow, TypeRow, stored_tree
from scenarios.models import ScenarioType, Site

CHUNK = 2_000


def export_region(path: Path, *, alliance: str = "") -> dict[str, int]:
    """Write a bundle folder and return the rows by file. Refuses a folder that is not empty."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise DomainError(_("The folder is not empty."), field="path")
    path.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    try:
        with transaction.atomic():
            _freeze()
            selection = of_alliance(alliance) if alliance else everything()
            return _write_all(path, selection, written)
    except BaseException:
        for file in written:
            file.unlink(missing_ok=True)
        raise


def _freeze() -> None:
    """One moment for all files; inside somebody's transaction that is theirs to decide."""
    if len(connection.savepoint_ids) == 0:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


def _write_all(path: Path, selection: Selection, written: list[Path]) -> dict[str, int]:
    texts = _Texts(selection)
    counts: dict[str, int] = {}
    for name in ORDER:
        written.append(path / name)
        with (path / name).open("w", encoding="utf-8", newline="") as file:
            if name in TREES:
                counts[name] = _write_tree(file, name)
            else:
                counts[name] = _write_csv(file, name, selection.ids[name], texts)
    return counts


# --- CSV -------------------------------------------------------------------------------------------
def _write_csv(file: IO[str], name: str, ids: Sequence[int], texts: "_Texts") -> int:
    columns = [column for column in COLUMNS[name] if not column.extra or _needed(name, column, ids)]
    file.write(csv_line(column.name for column in columns))
    remaining = iter(ids)
    while chunk := list(islice(remaining, CHUNK)):
        rows = stored_rows(name, chunk)
        for pk in chunk:
            values = _canonical(name, rows[pk])
            file.write(csv_line(texts.cell(name, column, values) for column in columns))
    return len(ids)


def csv_line(cells: Iterable[str]) -> str:
    """One row; quoted where a reader would otherwise see something else."""
    return ",".join(f'"{c.replace(chr(34), chr(34) * 2)}"' if _QUOTED & set(c) else c for c in cells) + "\n"


_QUOTED = frozenset(',"\r\n')


def _needed(name: str, column: Column, ids: Sequence[int]) -> bool:
    """An extra column is there when some row differs from its default."""
    model = {"organisations.csv": Organisation, "alliances.csv": Alliance}[name]
    return model.objects.filter(id__in=ids).exclude(**{column.name: column.default}).exists()  # type: ignore[attr-defined]


def _canonical(name: str, values: Values) -> Values:
    """JSON columns with sorted keys and plain numbers."""
    if name == "alliances.csv":
        values["weights"] = _weights(values["weights"])
    for column in ("specs", "params"):
        if column in values:
            values[column] = {key: values[column][key] for key in sorted(values[column])}
    for column in ("requirements", "site_requirements"):
        for item in values.get(column) or []:
            item["weight"], item["tolerance"] = plain_number(item["weight"]), plain_number(item["tolerance"])
    return values


def _weights(weights: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    sides = {"line": LINE_TERMS, "site": SITE_TERMS}
    found = {
        side: {term: weights[side][term] for term in terms if term in weights.get(side, {})}
        for side, terms in sides.items()
    }
    return found if any(found.values()) else {}


class _Texts:
    """Ids back to what a bundle calls them."""

    def __init__(self, selection: Selection) -> None:
        self.organisations = dict(Organisation.objects.values_list("id", "external_id"))
        self.plain: dict[str, dict[int, str]] = {
            "cities.csv": dict(City.objects.values_list("id", "code")),
            "alliances.csv": dict(Alliance.objects.values_list("id", "slug")),
            "organisations.csv": self.organisations,
            COMPONENT_TYPES: dict(ComponentType.objects.values_list("id", "code")),
            SCENARIO_TYPES: dict(ScenarioType.objects.values_list("id", "code")),
        }
        names = Names((pk, self.organisations[pk]) for pk in selection.ids["organisations.csv"])
        self.scoped: dict[str, Scoped] = {}
        self.external: dict[str, dict[int, str]] = {}
        owners: list[tuple[str, Any, str]] = [
            ("facilities.csv", Facility, "organisation_id"),
            ("sites.csv", Site, "organisation_id"),
            ("demands.csv", Demand, "owner_id"),
        ]
        for file, model, owner in owners:
            written = set(selection.ids[file])
            rows = model.objects.order_by("id").values_list("id", owner, "external_id")
            kept = [row for row in rows.iterator(chunk_size=10_000) if row[0] in written]
            self.scoped[file] = Scoped(kept, names)
            self.external[file] = {pk: external_id for pk, _owner, external_id in kept}

    def cell(self, file: str, column: Column, values: Values) -> str:
        value = values[column.name]
        if value is None:
            return ""
        if column.refers:
            return self.reference(column.refers, value)
        if column.name == "external_id" and file != "organisations.csv":
            return self.own_name(file, values)
        return column.write(value)

    def reference(self, file: str, pk: int) -> str:
        if file in self.plain:
            return self.plain[file][pk]
        scoped, name = self.scoped[file], self.external[file][pk]
        full = f"{self.organisations[scoped.owners[pk]]}/{name}"
        return name if not scoped.ambiguous(name) and scoped.find(name) == pk else full

    def own_name(self, file: str, values: Values) -> str:
        """A name that begins like `organisation/…` is written with one more: the import takes one away."""
        name: str = values["external_id"]
        owner = self.organisations[self._owner(file, values)]
        return f"{owner}/{name}" if name.startswith(f"{owner}/") else name

    def _owner(self, file: str, values: Values) -> int:
        if file == "capabilities.csv":
            return self.scoped["facilities.csv"].owners[values["facility"]]
        if file == "demand_lines.csv":
            return self.scoped["demands.csv"].owners[values["demand"]]
        owner: int = values["organisation"]
        return owner


# --- trees -----------------------------------------------------------------------------------------
def _write_tree(file: IO[str], name: str) -> int:
    """Streams type by type; the same layout as json.dump with an indent of one."""
    types, keys = stored_tree(TREES[name])
    shown = _component if TREES[name].supplies else _scenario
    file.write('{\n "meta": {},\n "types": [')
    separator = "\n"
    for row in types.values():
        text = json.dumps(shown(row, keys), ensure_ascii=False, indent=1, allow_nan=False)
        file.write(separator + "\n".join("  " + line for line in text.splitlines()))
        separator = ",\n"
    file.write("\n ]\n}\n" if types else "]\n}\n")
    return len(types)


def _scenario(row: TypeRow, keys: dict[str, KeyRow]) -> Values:
    return {
        **_head(row),
        "params": list(_params(row, keys)),
        **_sorted(row.attributes),
    }


def _component(row: TypeRow, keys: dict[str, KeyRow]) -> Values:
    return {
        **_head(row),
        "supplied_by": row.supplied_by or None,
        "quantity_unit": row.quantity_unit or None,
        "classification": _sorted(row.classification),
        "params": list(_params(row, keys)),
        **_sorted(row.attributes),
    }


def _head(row: TypeRow) -> Values:
    names = ("code", "parent", "name_en", "name_zh", "synonyms_en", "synonyms_zh")
    return {name: getattr(row, name) for name in names}


def _params(row: TypeRow, keys: dict[str, KeyRow]) -> Iterator[Values]:
    for param in row.params:
        key = keys[param["key"]]
        names = {name: param[name] for name in ("key", "name_en", "name_zh")}
        shape: Values = {"unit": key.unit, "symbol": key.symbol, "kind": key.kind}
        if key.kind == "choice":
            shape |= {"choices": key.choices, "choices_zh": key.choices_zh, "ordered": key.ordered}
        yield {**names, **shape, **_sorted(param["attributes"])}


def _sorted(value: Any) -> Any:
    """Objects with sorted keys, all the way down: the database keeps no order of its own."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_sorted(item) for item in value]
    return value
