"""The committed OpenAPI document is the one that the program serves: `make schema` writes it anew."""

import json
from pathlib import Path
from typing import Any

from django.utils import translation
from drf_spectacular.generators import SchemaGenerator

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
