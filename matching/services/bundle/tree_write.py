"""Writes types, keys and parameter listings; only what differs."""

from matching.services.bundle.context import Count
from matching.services.bundle.copying import json_value
from matching.services.bundle.staging import StagedRows, StagedSets, Touched
from matching.services.bundle.tree_rows import KEY_FIELDS, KeyRow, Tree, TypeRow

_JSON = frozenset({"synonyms_en", "synonyms_zh", "classification", "attributes", "choices", "choices_zh"})


def write_tree(
    tree: Tree,
    listed: list[TypeRow],
    types: dict[str, TypeRow],
    keys: dict[str, KeyRow],
    fresh: list[TypeRow],
    fresh_keys: list[KeyRow],
) -> Count:
    """All keys (few hundred) and the listed types; counts are of types."""
    changed_keys = Touched("tree_keys")
    new_keys = {row.pk for row in fresh_keys}
    staged_keys = StagedRows(tree.key_model, ("key", *KEY_FIELDS))
    staged_keys.copy(
        (row.pk, row.key, *(_value(row, name) for name in KEY_FIELDS), row.pk in new_keys)
        for row in keys.values()
    )
    staged_keys.merge(changed_keys)

    touched, parents = Touched("tree_types"), Touched("tree_listed")
    new = {row.pk for row in fresh}
    parents.add(row.pk for row in listed)
    staged = StagedRows(tree.type_model, tree.type_fields)
    staged.copy(
        (
            row.pk,
            *(
                (types[row.parent].pk if row.parent else None) if name == "parent" else _value(row, name)
                for name in tree.type_fields
            ),
            row.pk in new,
        )
        for row in listed
    )
    created = staged.merge(touched)
    listings = StagedSets(
        tree.parameter_model, "type", ("key", "position", "name_en", "name_zh", "attributes")
    )
    listings.copy(
        (row.pk, keys[p["key"]].pk, place, p["name_en"], p["name_zh"], json_value(p["attributes"]))
        for row in listed
        for place, p in enumerate(row.params)
    )
    listings.merge(parents, touched)
    updated = len(set(touched.ids()) - new) + (1 if changed_keys.count() and not touched.count() else 0)
    for table in (staged_keys, staged, listings, changed_keys, touched, parents):
        table.drop()
    return Count(created=created, updated=updated)


def _value(row: TypeRow | KeyRow, name: str) -> object:
    value = getattr(row, name)
    return json_value(value) if name in _JSON else value
