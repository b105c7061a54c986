"""The committed OpenAPI document is the one that the program serves: `make schema` writes it anew."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.utils import translation
from drf_spectacular.generators import SchemaGenerator

from tests.judge import judge

FILE = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"


def served(language: str = "en") -> dict[str, Any]:
    with translation.override(language):
        document = SchemaGenerator().get_schema(request=None, public=True)
        found: dict[str, Any] = json.loads(json.dumps(document, default=str))
    return found


def test_the_committed_document_is_the_served_one() -> None:
    committed, now = json.loads(FILE.read_text()), served()
    for part in ("paths", "components"):
        assert set(committed[part]) == set(now[part]), "run `make schema` and look at what changed"
    changed = [path for path in now["paths"] if now["paths"][path] != committed["paths"][path]]
    assert not changed, f"run `make schema` and look at what changed: {changed}"
    assert committed == now, "run `make schema` and look at what changed"


def test_every_operation_says_what_it_does_in_both_languages() -> None:
    english, chinese = served("en"), served("zh-hans")
    for path, item in english["paths"].items():
        for method, operation in item.items():
            words = operation.get("description", "")
            assert words, (path, method)
            told = chinese["paths"][path][method]["description"]
            assert any("\u4e00" <= character <= "\u9fff" for character in told), (path, method, words)


def test_every_operation_names_its_errors_and_its_tag() -> None:
    for path, item in served()["paths"].items():
        for method, operation in item.items():
            assert {"400", "401", "403", "404", "429", "503"} <= set(operation["responses"]), (path, method)
            assert operation["tags"] != ["api"], (path, method)
            if method in ("put", "patch", "delete") and path.endswith("{id}/") and "tokens" not in path:
                assert {"412", "428"} <= set(operation["responses"]), (path, method)


def described(node: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """(place, description) of everything in the document that has one."""
    if isinstance(node, dict):
        if isinstance(node.get("description"), str) and node["description"]:
            yield place, node["description"]
        for name, inner in node.items():
            yield from described(inner, f"{place}/{name}")
    elif isinstance(node, list):
        for number, inner in enumerate(node):
            yield from described(inner, f"{place}/{number}")


def test_every_description_is_in_chinese_too() -> None:
    english, chinese = dict(described(served("en"))), dict(described(served("zh-hans")))
    assert set(english) <= set(chinese)  # values whose English words are themselves are told in Chinese
    untold = set()
    for words in chinese.values():
        said = "\n".join(line for line in words.split("\n") if not line.startswith("* `"))  # CSV is CSV
        if said and not any("\u4e00" <= character <= "\u9fff" for character in said):
            untold.add(words)
    assert not untold
    assert not {place for place, words in english.items() if "Refuses fields" in words}


def undescribed(node: Any, place: str = "") -> Iterator[str]:
    """Fields, however deep, that do not say what they are."""
    if isinstance(node, list):
        for number, inner in enumerate(node):
            yield from undescribed(inner, f"{place}/{number}")
    if not isinstance(node, dict):
        return
    for name, field in node.get("properties", {}).items() if "type" in node else ():
        if not field.get("description"):
            yield f"{place}.{name}"
    for name, inner in node.items():
        yield from undescribed(inner, f"{place}/{name}")


def test_every_field_parameter_answer_and_operation_says_what_it_is() -> None:
    """In Chinese too: `test_every_description_is_in_chinese_too`."""
    document = served()
    assert not [*undescribed(document["components"]["schemas"])]
    parts = document["components"]["responses"]
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert operation["description"], (path, method)
            for each in operation.get("parameters", []):
                assert each.get("description"), (path, method, each["name"])
            for status, told in operation["responses"].items():
                told = parts[told["$ref"].rpartition("/")[2]] if "$ref" in told else told
                assert told["description"], (path, method, status)
                assert all(header["description"] for header in told.get("headers", {}).values())


def test_every_body_that_is_sent_has_an_example() -> None:
    for path, item in served()["paths"].items():
        for method, operation in item.items():
            for kind, content in operation.get("requestBody", {}).get("content", {}).items():
                assert content.get("examples") or kind == "multipart/form-data", (path, method)


def test_bulk_rows_are_what_one_row_is() -> None:
    """Field by field as the row's own body, and `if_match`; so a generated client knows what it sends."""
    document = served()
    parts = document["components"]["schemas"]
    found = [path for path in document["paths"] if path.endswith("/bulk/")]
    assert len(found) == 4
    for path in found:
        content = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        body = parts[content["schema"]["$ref"].rpartition("/")[2]]
        rows = body["properties"]["rows"]
        assert (rows["minItems"], rows["maxItems"]) == (1, 1000)
        row = parts[rows["items"]["$ref"].rpartition("/")[2]]
        alone = document["paths"][path.removesuffix("bulk/")]["post"]["requestBody"]["content"]
        one = parts[alone["application/json"]["schema"]["$ref"].rpartition("/")[2]]
        assert row["required"] == one["required"]
        assert {**row["properties"], "if_match": None} == {**one["properties"], "if_match": None}


def test_examples_and_defaults_fit_their_own_schemas() -> None:
    found = [*_exemplified(served())]
    assert found
    for schema, values in found:
        for value in values:
            judge().validator(schema).validate(value)


def _exemplified(node: Any) -> Iterator[tuple[dict[str, Any], list[Any]]]:
    """(schema, what it gives as an example, a default or an enum value)"""
    if isinstance(node, list):
        for inner in node:
            yield from _exemplified(inner)
    if not isinstance(node, dict):
        return
    if "schema" in node and isinstance(node.get("examples"), dict):  # a body, with whole ones
        yield node["schema"], [each["value"] for each in node["examples"].values()]
    elif any(name in node for name in ("type", "oneOf", "allOf", "$ref")):
        values = [*node.get("examples", []), *([node["example"]] if "example" in node else [])]
        values += [node["default"]] if "default" in node else []
        values += node["enum"] if isinstance(node.get("enum"), list) else []
        if values:
            yield node, values
    for inner in node.values():
        yield from _exemplified(inner)
