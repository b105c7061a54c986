"""All addresses of the site as the URLconf has them, and the address of a matrix row."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from alliance.models import ApiToken
from tests.cast import World
from tests.matrix.row import Row

#: unnamed or foreign addresses that have tests of their own
ELSEWHERE = {"admin"}


def routes(resolver: Any = None, space: str = "") -> Iterator[tuple[str, Any]]:
    """(name with its namespace, view) of every address."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            if pattern.namespace not in ELSEWHERE:
                yield from routes(pattern, inner)
        elif isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name}" if pattern.name else f"{space}{pattern.pattern}", pattern.callback


def methods(view: Any) -> set[str]:
    """The methods that a view answers; for a plain function the table says."""
    actions = getattr(view, "actions", None)
    if actions is not None:
        return {method.upper() for method in actions} - {"HEAD"}
    return set()


def address(world: World, row: Row, missing: bool = False) -> str:
    return reverse(row.route, kwargs=_kwargs(world, row, missing) | dict(row.more))


def _kwargs(world: World, row: Row, missing: bool) -> dict[str, Any]:
    """What the address needs; `missing`: of the same shape, of nothing there is."""
    kind, _dot, key = row.target.partition(".")
    if not kind:
        return {}
    found = _fresh if missing else _real
    if kind in ("city", "component type", "scenario type"):
        code = {"city": "990100", "component type": "DRV", "scenario type": "IND"}[kind]
        return {"code": "nothing" if missing else code}
    if kind == "pair":
        line, capability = key.split(":")
        ids = (found(world.lines[line]), found(world.capabilities[capability]))
        return _joined(row, ids, ("line_id", "capability_id"))
    if kind == "line":
        return {"public_id": found(world.demands[key]), "line_id": found(world.lines[key])}
    if kind == "pipeline":
        places = (found(world.demands[key]), *([found(world.sites["open"])] if key == "open" else []))
        return _joined(row, places, ("demand_id", "site_id"))
    if kind == "token":
        digest = world.tokens[key][:15]
        return {"id" if row.api else "public_id": found(ApiToken.objects.get(token_key=digest))}
    return {"id" if row.api else "public_id": found(getattr(world, kind)[key])}


def _joined(row: Row, ids: tuple[Any, ...], names: tuple[str, ...]) -> dict[str, Any]:
    if row.api:
        return {"id": ".".join(str(each) for each in ids)}
    return dict(zip(names, ids, strict=False))


def _real(thing: Any) -> Any:
    return thing.public_id


def _fresh(thing: Any) -> Any:
    return uuid.uuid4()
