"""A type tree in memory, as stored and as a file changes it."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model

from companies.models import ComponentKey, ComponentParameter, ComponentType
from companies.specs import Parameter
from matching.services.bundle.layout import COMPONENT_TYPES, SCENARIO_TYPES
from scenarios.models import ScenarioKey, ScenarioParameter, ScenarioType

# Fields of a parameter in the file: what belongs to the key, what to the type's own listing; others are kept
# beside the listing (`better`, `typical_min`, …).
KEY_FIELDS = ("unit", "symbol", "kind", "choices", "choices_zh", "ordered")
PARAMETER_FIELDS = ("key", "name_en", "name_zh")


@dataclass(frozen=True, slots=True)
class Tree:
    file: str
    type_model: type[Model]
    key_model: type[Model]
    parameter_model: type[Model]
    supplies: bool

    @property
    def type_fields(self) -> tuple[str, ...]:
        own = ("supplied_by", "quantity_unit", "classification") if self.supplies else ()
        return ("code", "parent", "name_en", "name_zh", "synonyms_en", "synonyms_zh", *own, "attributes")


TREES = {
    COMPONENT_TYPES: Tree(COMPONENT_TYPES, ComponentType, ComponentKey, ComponentParameter, supplies=True),
    SCENARIO_TYPES: Tree(SCENARIO_TYPES, ScenarioType, ScenarioKey, ScenarioParameter, supplies=False),
}


@dataclass(slots=True)
class TypeRow:
    pk: int
    code: str
    parent: str | None = None
    name_en: str = ""
    name_zh: str = ""
    synonyms_en: list[str] = field(default_factory=list)
    synonyms_zh: list[str] = field(default_factory=list)
    supplied_by: str = ""
    quantity_unit: str = ""
    classification: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    params: list[dict[str, Any]] = field(default_factory=list)

    def set_attribute(self, name: str, value: Any) -> None:
        """null takes an attribute away."""
        self.attributes = {k: v for k, v in self.attributes.items() if k != name}
        if value is not None:
            self.attributes[name] = value


@dataclass(slots=True)
class KeyRow:
    pk: int
    key: str
    unit: str = ""
    symbol: str = ""
    kind: str = ""
    choices: list[str] = field(default_factory=list)
    choices_zh: list[str] = field(default_factory=list)
    ordered: bool = False

    def meaning(self) -> tuple[str, str, tuple[str, ...]]:
        return self.unit, self.kind, tuple(self.choices)

    def parameter(self) -> Parameter:
        return Parameter(self.key, self.unit, self.kind, tuple(self.choices), self.ordered, self.symbol)  # type: ignore[arg-type]


def stored_tree(tree: Tree) -> tuple[dict[str, TypeRow], dict[str, KeyRow]]:
    """Types by code and keys by name, in the order in which they were created."""
    keys = {
        row["key"]: KeyRow(pk=row.pop("id"), **row)
        for row in tree.key_model._default_manager.order_by("id").values("id", "key", *KEY_FIELDS)
    }
    fields = [name for name in tree.type_fields if name != "parent"]
    types: dict[str, TypeRow] = {}
    stored = tree.type_model._default_manager.order_by("id").values("id", "parent__code", *fields)
    by_id: dict[int, TypeRow] = {}
    for values in stored:
        row = TypeRow(pk=values.pop("id"), parent=values.pop("parent__code"), **values)
        types[row.code] = by_id[row.pk] = row
    listings = tree.parameter_model._default_manager.order_by("type_id", "position")
    for type_id, key, name_en, name_zh, attributes in listings.values_list(
        "type_id", "key__key", "name_en", "name_zh", "attributes"
    ):
        by_id[type_id].params.append(
            {"key": key, "name_en": name_en, "name_zh": name_zh, "attributes": attributes}
        )
    return types, keys
