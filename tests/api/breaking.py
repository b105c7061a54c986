"""What in a newer OpenAPI document breaks a program that was written against an older one.

A request that was right must stay right (what may be sent only grows), an answer must stay readable (what comes back
keeps its fields, and gets no type that was not told of). New operations, parameters that may be left out, fields and
enum values of answers are no breach: docs/api.md says that they may come at any time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

METHODS = ("get", "put", "post", "patch", "delete")
#: the larger the number, the more may be sent; and the other way about
UPPER = ("maxLength", "maximum", "maxItems")
LOWER = ("minLength", "minimum", "minItems")
Schema = dict[str, Any]


class Documents:
    """The older and the newer one, read side by side."""

    def __init__(self, old: Schema, new: Schema) -> None:
        self.old, self.new = old, new
        self._met: set[tuple[str, str, bool]] = set()

    def breaches(self) -> Iterator[str]:
        for path, item in self.old["paths"].items():
            for method in METHODS:
                if method not in item:
                    continue
                where = f"{method.upper()} {path}"
                newer = self.new["paths"].get(path, {}).get(method)
                if newer is None:
                    yield f"{where} is gone"
                else:
                    yield from self._operation(where, item[method], newer)

    # --- parts of an operation ---
    def _operation(self, where: str, old: Schema, new: Schema) -> Iterator[str]:
        yield from self._parameters(where, old.get("parameters", []), new.get("parameters", []))
        yield from self._body(where, old.get("requestBody"), new.get("requestBody"))
        for status, told in old["responses"].items():
            if status not in new["responses"]:
                if status.startswith("2"):
                    yield f"{where}: the answer {status} is gone"
                continue
            yield from self._answer(f"{where} {status}", told, new["responses"][status])
        if {*map(str, old.get("security", []))} - {*map(str, new.get("security", []))}:
            yield f"{where}: a way to sign in is gone"

    def _parameters(self, where: str, old: list[Schema], new: list[Schema]) -> Iterator[str]:
        before = {(each["in"], each["name"]): each for each in old}
        after = {(each["in"], each["name"]): each for each in new}
        for key, each in before.items():
            name = f"{where} {key[0]} {key[1]}"
            if each.get("in") == "header" and each["schema"].get("readOnly"):
                continue
            if key not in after:
                yield f"{name} is gone"
            else:
                yield from self._asked(name, each["schema"], after[key]["schema"])
        for key, each in after.items():
            if each.get("required") and not before.get(key, {}).get("required"):
                yield f"{where} {key[0]} {key[1]} must be sent now"

    def _body(self, where: str, old: Schema | None, new: Schema | None) -> Iterator[str]:
        if new is not None and new.get("required") and not (old or {}).get("required"):
            yield f"{where}: a body must be sent now"
        if old is None:
            return
        if new is None:
            yield f"{where}: no body is read any more"
            return
        for kind, content in old["content"].items():
            if kind not in new["content"]:
                yield f"{where}: {kind} is not read any more"
            else:
                yield from self._asked(f"{where} body", content["schema"], new["content"][kind]["schema"])

    def _answer(self, where: str, old: Schema, new: Schema) -> Iterator[str]:
        old, new = self._found(self.old, old), self._found(self.new, new)
        for kind, content in old.get("content", {}).items():
            if kind not in new.get("content", {}):
                yield f"{where}: {kind} does not come any more"
            else:
                yield from self._told(where, content["schema"], new["content"][kind]["schema"])
        for name in old.get("headers", {}):
            if name not in new.get("headers", {}):
                yield f"{where}: the header {name} is gone"

    # --- schemas ---
    def _asked(self, where: str, old: Schema, new: Schema) -> Iterator[str]:
        """What was accepted and is not any more."""
        if self._seen(old, new, True):
            return
        old, new = self._found(self.old, old), self._found(self.new, new)
        kinds = self._alternatives(self.new, new)
        for one in self._alternatives(self.old, old):
            tried = [[*self._accepts(where, one, other)] for other in kinds]
            if all(tried):
                yield from min(tried, key=len)

    def _accepts(self, where: str, old: Schema, new: Schema) -> Iterator[str]:
        yield from _types(where, old, new, "is not accepted any more")
        gone = {*map(repr, old.get("enum", []))} - {*map(repr, new.get("enum", []))}
        if "enum" in new and (gone or "enum" not in old):
            yield f"{where}: {', '.join(sorted(gone)) or 'what is not in a list'} is not accepted any more"
        for name in UPPER:
            if name in new and new[name] < old.get(name, float("inf")):
                yield f"{where}: {name} is smaller"
        for name in LOWER:
            if name in new and new[name] > old.get(name, float("-inf")):
                yield f"{where}: {name} is larger"
        for name in ("format", "pattern"):
            if name in new and new[name] != old.get(name) and "enum" not in old:
                yield f"{where}: {name} is {new[name]} now"
        yield from self._accepted_inside(where, old, new)

    def _accepted_inside(self, where: str, old: Schema, new: Schema) -> Iterator[str]:
        for name, inner in old.get("properties", {}).items():
            if name in new.get("properties", {}):
                yield from self._asked(f"{where}.{name}", inner, new["properties"][name])
            elif "properties" in new:
                yield f"{where}.{name} is gone"
        said = "properties" in old  # of an object that nothing was said about, only more is known now
        for name in {*new.get("required", [])} - {*old.get("required", [])} if said else ():
            yield f"{where}.{name} must be sent now"
        if new.get("additionalProperties") is False and old.get("additionalProperties", True) is not False:
            yield f"{where}: other fields are refused now"
        if "items" in old and "items" in new:
            yield from self._asked(f"{where}[]", old["items"], new["items"])

    def _told(self, where: str, old: Schema, new: Schema) -> Iterator[str]:
        """What comes back and was not told of, or does not come any more."""
        if self._seen(old, new, False):
            return
        old, new = self._found(self.old, old), self._found(self.new, new)
        kinds = self._alternatives(self.old, old)
        for one in self._alternatives(self.new, new):
            tried = [[*self._reads(where, other, one)] for other in kinds]
            if all(tried):
                yield from min(tried, key=len)

    def _reads(self, where: str, old: Schema, new: Schema) -> Iterator[str]:
        yield from _types(where, new, old, "may come back now")
        gone = {*map(repr, old.get("enum", []))} - {*map(repr, new.get("enum", []))}
        if "enum" in new and gone:
            yield f"{where}: {', '.join(sorted(gone))} does not come back any more"
        if "format" in old and new.get("format") != old["format"]:
            yield f"{where}: format is not {old['format']} any more"
        for name, inner in old.get("properties", {}).items():
            if name in new.get("properties", {}):
                yield from self._told(f"{where}.{name}", inner, new["properties"][name])
            elif "properties" in new:
                yield f"{where}.{name} is gone"
        for name in {*old.get("required", [])} - {*new.get("required", [])}:
            if name in new.get("properties", {}):
                yield f"{where}.{name} may be missing now"
        if "items" in old and "items" in new:
            yield from self._told(f"{where}[]", old["items"], new["items"])

    # --- reading ---
    def _seen(self, old: Schema, new: Schema, asked: bool) -> bool:
        """A pair of references that has been compared: trees end, and each is compared once."""
        if "$ref" not in old or "$ref" not in new:
            return False
        key = (old["$ref"], new["$ref"], asked)
        if key in self._met:
            return True
        self._met.add(key)
        return False

    @staticmethod
    def _found(document: Schema, part: Schema) -> Schema:
        while "$ref" in part:
            place: Any = document
            for step in part["$ref"].removeprefix("#/").split("/"):
                place = place[step]
            part = {**place, **{name: value for name, value in part.items() if name != "$ref"}}
        if len(part.get("allOf", [])) == 1:
            rest = {name: value for name, value in part.items() if name != "allOf"}
            return {**Documents._found(document, part["allOf"][0]), **rest}
        return part

    def _alternatives(self, document: Schema, part: Schema) -> list[Schema]:
        told = part.get("oneOf") or part.get("anyOf")
        if not told:
            return [part]
        return [one for each in told for one in self._alternatives(document, self._found(document, each))]


def _types(where: str, inner: Schema, outer: Schema, words: str) -> Iterator[str]:
    """Types of the inner schema that the outer one does not have."""
    if "type" not in outer:
        return
    have = {outer["type"]} if isinstance(outer["type"], str) else {*outer["type"]}
    if "number" in have:
        have.add("integer")
    if "type" not in inner:
        if "enum" not in inner:
            yield f"{where}: any type {words}"
        return
    for name in [inner["type"]] if isinstance(inner["type"], str) else inner["type"]:
        if name not in have:
            yield f"{where}: {name} {words}"
