"""Programs of other people rest on the document: what was promised in the last release is kept."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.breaking import Documents
from tests.judge import FILE

PROMISED = FILE.with_name("openapi-promised.json")
Change = Callable[[dict[str, Any]], object]


def read(path: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_nothing_that_was_promised_is_broken() -> None:
    found = [*Documents(read(PROMISED), read(FILE)).breaches()]
    assert not found, "this breaks programs (CONTRIBUTING.md says what to do):\n" + "\n".join(found)


def schemas(document: dict[str, Any]) -> Any:
    return document["components"]["schemas"]


def listing(document: dict[str, Any]) -> Any:
    return document["paths"]["/api/v1/demands/"]["get"]


def enum_of(document: dict[str, Any], name: str) -> list[Any]:
    values: list[Any] = schemas(document)[name]["enum"]
    return values


def widen(document: dict[str, Any]) -> None:
    schemas(document)["SiteShown"]["properties"]["name"]["type"] = ["string", "null"]


BREACHES: list[tuple[str, Change, str]] = [
    ("an operation", lambda d: d["paths"]["/api/v1/demands/"].pop("post"), "POST /api/v1/demands/ is gone"),
    ("an address", lambda d: d["paths"].pop("/api/v1/changes/"), "GET /api/v1/changes/ is gone"),
    ("a filter", lambda d: listing(d)["parameters"].pop(0), "query alliance is gone"),
    (
        "a parameter that must be sent",
        lambda d: listing(d)["parameters"][0].update(required=True),
        "must be sent now",
    ),
    (
        "an order",
        lambda d: next(p for p in listing(d)["parameters"] if p["name"] == "sort")["schema"]["enum"].pop(),
        "is not accepted any more",
    ),
    (
        "a field of an answer",
        lambda d: schemas(d)["DemandShown"]["properties"].pop("title"),
        ".title is gone",
    ),
    (
        "a field of an answer that may be missing",
        lambda d: schemas(d)["DemandShown"]["required"].remove("scope"),
        ".scope may be missing now",
    ),
    ("a field that may be null", widen, "null may come back now"),
    (
        "a field of a body",
        lambda d: schemas(d)["DemandAsked"]["properties"].pop("iterations"),
        ".iterations is gone",
    ),
    (
        "a field that must be sent",
        lambda d: schemas(d)["DemandAsked"]["required"].append("scope"),
        ".scope must be sent now",
    ),
    ("an enum value", lambda d: enum_of(d, "MoveEnum").remove("sign"), "'sign' is not accepted any more"),
    (
        "an enum value of an answer",
        lambda d: enum_of(d, "RunStateEnum").remove("partial"),
        "'partial' does not come back",
    ),
    (
        "a limit",
        lambda d: schemas(d)["DemandAsked"]["properties"]["title"].update(maxLength=30),
        ".title: maxLength is smaller",
    ),
    (
        "a way to name a row",
        lambda d: schemas(d)["CapabilityAsked"]["properties"]["facility"]["oneOf"].pop(),
        ".facility: object is not accepted",
    ),
    (
        "a nested field",
        lambda d: schemas(d)["LineAsked"]["properties"].pop("monthly_rate"),
        ".lines[].monthly_rate is gone",
    ),
    (
        "a status",
        lambda d: d["paths"]["/api/v1/match-runs/"]["post"]["responses"].pop("202"),
        "the answer 202 is gone",
    ),
    (
        "a header",
        lambda d: d["paths"]["/api/v1/demands/{id}/"]["put"]["responses"]["200"]["headers"].pop("ETag"),
        "the header ETag is gone",
    ),
]


@pytest.mark.parametrize(
    ("what", "change", "words"), BREACHES, ids=[name for name, _change, _words in BREACHES]
)
def test_a_breach_is_named(what: str, change: Change, words: str) -> None:
    now = read(FILE)
    newer = copy.deepcopy(now)
    change(newer)
    found = [*Documents(now, newer).breaches()]
    assert any(words in each for each in found), found


def grow(document: dict[str, Any]) -> None:
    """What may come at any time."""
    document["paths"]["/api/v1/new/"] = {"get": copy.deepcopy(listing(document))}
    listing(document)["parameters"].append({"in": "query", "name": "new", "schema": {"type": "string"}})
    shown, asked = schemas(document)["DemandShown"], schemas(document)["DemandAsked"]
    shown["properties"]["new"] = {"type": "string"}
    shown["required"].append("new")
    asked["properties"]["new"] = {"type": "string"}
    asked["properties"]["title"]["maxLength"] = 900
    enum_of(document, "RunStateEnum").append("resting")
    enum_of(document, "MoveEnum").append("rest")


def test_growth_is_no_breach() -> None:
    now = read(FILE)
    newer = copy.deepcopy(now)
    grow(newer)
    assert newer != now
    assert [*Documents(now, newer).breaches()] == []
