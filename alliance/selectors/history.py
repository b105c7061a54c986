"""What happened to a row, from the table of changes: for its own side and the bureau that cares for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from alliance.choices import Confidentiality, IntroductionState, OrganisationRole, Scope
from alliance.kinds import KINDS
from alliance.models import Change, City, Organisation


def history_row(user: Any, kind: str, public_id: UUID) -> Any:
    """The row if the user sees it and stands on its side, else None."""
    known = KINDS.get(kind)
    if known is None or not known.history:
        return None
    row = known.model.objects.kept_by(user).filter(public_id=public_id).first()
    if row is None or not known.model.objects.visible_to(user).filter(pk=row.pk).exists():
        return None
    return row


def history_of(kind: str, row: Any) -> QuerySet[Change]:
    """Of a row that `history_row` has found, with that of the entries that were merged into it.

    Order it by id: changes have no public one, and the reader sees all of these.
    """
    kinds, keys = [kind, *KINDS[kind].related], [str(row.public_id)]
    if isinstance(row, Organisation):
        merged = Organisation.objects.filter(merged_into=row).values_list("public_id", flat=True)
        keys += [str(key) for key in merged]
    return Change.objects.filter(kind__in=kinds, object_id__in=keys).select_related("actor")


# --- in words ------------------------------------------------------------------------------------------------
#: field and value → words; None: as it was recorded
Value = Callable[[str, Any], str | None]
#: field, key and value of one entry → (name, words)
Entry = Callable[[str, str, Any], tuple[str, str]]


@dataclass
class Telling:
    """How the values of a kind are told: `entries` are the fields whose values are told key by key."""

    value: Value = field(default=lambda name, value: None)
    entry: Entry = field(default=lambda name, key, value: (key, words(value)))
    entries: frozenset[str] = frozenset()


#: kind → makes the telling of one page; the apps above this one register theirs. It may read a few small tables.
TELLINGS: dict[str, Callable[[], Telling]] = {}

#: what is said elsewhere on the page, or is no news to people
SILENT = {"version", "demand", "copy_of"}
LABELS: dict[str, dict[str, Any]] = {
    "confidentiality": dict(Confidentiality.choices),
    "scope": dict(Scope.choices),
    "state": dict(IntroductionState.choices),
}


@dataclass(frozen=True)
class Difference:
    """`before` is None where it was not recorded."""

    name: str
    before: str | None
    after: str


class Teller:
    """The differences of the changes of one page; names are looked up once for all of them."""

    def __init__(self, kind: str, changes: Iterable[Change]) -> None:
        self.telling = TELLINGS.get(kind, Telling)()
        found: dict[str, set[str]] = {"city": set(), "turn": set()}
        for change in changes:
            for side in (change.before or {}, change.after or {}):
                for name, value in side.items():
                    if isinstance(value, str) and _group(name):
                        found[_group(name)].add(value)
        self.cities = {row.code: str(row) for row in City.objects.filter(code__in=found["city"])}
        keys = [key for key in found["turn"] if _is_uuid(key)]
        organisations = Organisation.objects.filter(public_id__in=keys) if keys else []
        self.organisations = {str(row.public_id): str(row) for row in organisations}

    def differences(self, change: Change, names: dict[str, Any]) -> list[Difference]:
        """What is not the same, by the names that people use; `names`: field → what people call it."""
        before, after = change.before or {}, change.after or {}
        found: list[Difference] = []
        for name in sorted({*before, *after} - SILENT):
            old, new = before.get(name), after.get(name)
            if name in before and name in after and old == new and name not in ("line", "component_type"):
                continue
            if name in self.telling.entries and isinstance(old or new, dict):
                found += self._entries(name, old or {}, new or {}, name in before)
                continue
            label = str(names.get(name, name))
            was = self._words(name, old) if name in before else None
            now = self._words(name, new)
            found.append(Difference(label, None if was == now else was, now))
        return found

    def _entries(self, name: str, old: dict[str, Any], new: dict[str, Any], known: bool) -> list[Difference]:
        found = []
        for key in sorted({*old, *new}):
            if key in old and key in new and old[key] == new[key]:
                continue
            label, was = self.telling.entry(name, key, old.get(key))
            _label, now = self.telling.entry(name, key, new.get(key))
            found.append(Difference(label, was if known else None, now))
        return found

    def _words(self, name: str, value: Any) -> str:
        told = self.telling.value(name, value) if value not in (None, "", []) else None
        if told is not None:
            return told
        if isinstance(value, str):
            if name in LABELS:
                return str(LABELS[name].get(value, value))
            group = _group(name)
            names = self.cities if group == "city" else self.organisations if group == "turn" else {}
            return names.get(value, words(value))
        if name == "roles" and isinstance(value, list):
            return words([dict(OrganisationRole.choices).get(role, role) for role in value])
        return words(value)


def _group(name: str) -> str:
    if name == "city" or name.endswith("_city"):
        return "city"
    return name if name == "turn" else ""


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def words(value: Any) -> str:
    """A recorded value as it stands: nothing is a dash, lists are listed."""
    if value is None or value in ("", [], {}):
        return "—"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, list):
        return ", ".join(_flat(each) for each in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _flat(value: Any) -> str:
    """["ISO9001", "2027-01-31"] → ISO9001 (2027-01-31)."""
    if isinstance(value, list) and value and all(each is None or isinstance(each, str) for each in value):
        told = [each for each in value if each]
        return told[0] + (f" ({', '.join(told[1:])})" if len(told) > 1 else "") if told else "—"
    return words(value)
