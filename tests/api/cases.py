"""Requests that schemathesis makes up from the OpenAPI document, sent as people of the cast, and judged.

What is made up by chance alone stops at the first unknown id. Here most requests name rows that are there, most bodies
name codes, parameters and days that mean something, and each is sent by somebody of the roles: so they reach the
services. What schemathesis broke on purpose stays broken, and must be refused.
"""

from __future__ import annotations

import copy
import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import schemathesis
from django.conf import settings as django
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import AcceptedNegativeData, FailureGroup
from schemathesis.specs.openapi import checks

from tests.cast import World
from tests.factories import make_token
from tests.judge import FILE, judge
from tests.matrix.roles import client

METHODS = ("get", "put", "post", "patch", "delete")
#: an answer this late is a hang, when it is as late again
PATIENCE = 2.0
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]
#: who sends: name → (person, scopes); a person without scopes comes with a session
SENDERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "firm": ("supplier_owner", ("read", "write", "webhooks")),
    "lab": ("lab_owner", ("read", "write", "webhooks")),
    "operator": ("operator_owner", ("read", "write")),
    "other": ("outside_owner", ("read", "write", "webhooks")),
    "bureau": ("lead_official", ("read", "write", "webhooks")),
    "admin": ("alliance_admin", ("read", "write")),
    "reader": ("lab_editor", ("read",)),
    "viewer": ("supplier_viewer", ("read", "write")),
    "person": ("supplier_owner", ()),
    "official": ("partner_official", ()),
    "platform": ("platform_admin", ()),
}
#: who may do most there
FITTING = {
    "capabilities": ["firm", "firm", "other", "person"],
    "facilities": ["firm", "firm", "other", "person"],
    "demands": ["lab", "lab", "bureau", "other"],
    "sites": ["operator", "operator", "other"],
    "introductions": ["bureau", "firm", "lab", "official"],
    "match-runs": ["admin", "lab", "platform"],
    "match-preview": ["lab", "firm", "reader"],
    "tokens": ["person", "official"],
    "webhooks": ["firm", "lab", "bureau"],
    "webhook-messages": ["lab", "bureau"],
    "organisations": ["firm", "person", "bureau"],
}
ANONYMOUS = "anonymous"


@cache
def document() -> Any:
    told = json.loads(FILE.read_text())
    for item in told["paths"].values():
        for operation in item.values():
            operation.pop("security", None)  # who asks is no matter of chance: see SENDERS
    return schemathesis.openapi.from_dict(told)


@cache
def operations() -> dict[str, Any]:
    """ "GET /api/v1/cities/" → schemathesis' operation."""
    return {found.ok().label: found.ok() for found in document().get_all_operations()}


def labels() -> list[str]:
    paths = judge().document["paths"]
    return [f"{method.upper()} {path}" for path in paths for method in METHODS if method in paths[path]]


@dataclass
class Tally:
    """What came of the requests of one operation."""

    cases: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0
    wrong: dict[str, str] = field(default_factory=dict)


class Ground:
    """The rows and words of one world that requests may name."""

    def __init__(self, world: World) -> None:
        from alliance.wsgi import application

        self.world, self.application = world, application
        self.cookies: dict[str, dict[str, str]] = {}
        self.headers = {name: self._credentials(who, scopes) for name, (who, scopes) in SENDERS.items()}
        self.headers[ANONYMOUS] = {}
        self.ids = self._ids()
        self.words = self._words()

    def _credentials(self, who: str, scopes: tuple[str, ...]) -> dict[str, str]:
        if scopes:
            return {"Authorization": f"Bearer {make_token(self.world.people[who], *scopes)}"}
        self.world.sessions.pop(who, None)
        role = {
            "supplier_owner": "owner",
            "partner_official": "partner_bureau",
            "platform_admin": "platform",
        }[who]
        client(self.world, role)
        forgery = "a" * 32
        names = {django.SESSION_COOKIE_NAME: self.world.sessions[who], django.CSRF_COOKIE_NAME: forgery}
        self.cookies[who] = names
        return {"X-CSRFToken": forgery}

    def _ids(self) -> dict[str, list[str]]:
        """Resource → the ids or codes that somebody of the cast sees."""
        from werkzeug.test import Client

        found = {}
        for path, item in judge().document["paths"].items():
            if "get" not in item or "{" in path or path.endswith("changes/"):
                continue
            named: dict[str, None] = {}
            for sender, headers in self.headers.items():
                asker = Client(self.application)
                for name, value in self.cookies_of(sender).items():
                    asker.set_cookie(name, value)
                answer = asker.get(path, headers=headers)
                assert answer.status_code != 401 or sender == ANONYMOUS, sender
                rows = json.loads(answer.data).get("results", []) if answer.status_code == 200 else []
                named.update(dict.fromkeys(str(row.get("id", row.get("code"))) for row in rows))
            found[path.split("/")[3]] = list(named)
        return found

    def _words(self) -> dict[str, list[Any]]:
        """Field of a body → values that mean something there."""
        ids, days = self.ids, ["2026-12-01", "2027-06-30", "2028-01-31"]
        return {
            "city": [*ids["cities"], {"code": "990200"}],
            "lab_city": ids["cities"],
            "deployment_city": ids["cities"],
            "component_type": [*ids["component-types"], {"code": "DRV-RED"}],
            "scenario_type": [*ids["scenario-types"], {"code": "IND"}],
            "facility": ids["facilities"],
            "alliance": ["north", *ids["alliances"]],
            "organisation": [None, *ids["organisations"]],
            "line": [str(line.public_id) for line in self.world.lines.values()],
            "capability": ids["capabilities"],
            "demand": ids["demands"],
            "site": ids["sites"],
            "key": ["rated_torque", "clear_height", "bus"],
            "op": [">=", "<=", "=", "between", "covers", "one_of", "is"],
            "value": [5, 1.5, "12 N*m", [1, 9], ["CAN"], True],
            "unit": ["N*m", "kN*m", "m", ""],
            "specs": [{"rated_torque": 12}, {"bus": ["CAN"]}, {"rated_torque": "0.02 kN*m"}],
            "params": [{"clear_height": 7}, {"clear_height": "700 cm"}],
            "external_id": ["", "x-1", "x-2", *[row.external_id for row in self.world.capabilities.values()]],
            "start_date": days[:2],
            "need_by": days,
            "starts": days[:1],
            "ends": days[1:],
            "expires_on": days,
            "due_on": [None, *days],
            "quantity": [1, 12, "3"],
            "monthly_rate": [1, 100],
            "fleet_capacity": [1, 12, "3"],
            "fleet_size": [1, 4],
            "trial_days": [1, 30],
            "title": ["A row", "谐波减速器"],
            "name": ["A row", "工厂"],
            "code": ["ISO9001"],
            "url": ["https://93.184.216.34/hook", "http://127.0.0.1/", "https://[::1]/"],
            "if_match": ["*", '"1"', 'W/"1"', '"9"'],
            "as_of": ["2026-11-20"],
        }

    # --- making a request mean something ---
    def sender(self, dice: random.Random, resource: str) -> str:
        if dice.random() < 0.7:
            return dice.choice(FITTING.get(resource, [*SENDERS]))
        return dice.choice([*SENDERS, ANONYMOUS])

    def settle(self, case: Any, dice: random.Random, broken: bool) -> str:
        """Puts rows and words that there are into most places of a case; who sends it."""
        resource = case.path.split("/")[3]
        for name in case.path_parameters or {}:
            if name in ("id", "code") and self.ids.get(resource) and dice.random() < 0.85:
                case.path_parameters[name] = dice.choice(self.ids[resource])
            elif name == "external_id" and dice.random() < 0.5:
                case.path_parameters[name] = dice.choice(["x-1", "x-2", "谐波"])
        if "If-Match" in case.headers and dice.random() < 0.8:
            case.headers["If-Match"] = dice.choice(["*", "*", '"1"', 'W/"1"', '"1", "2"', '"77"'])
        if not broken and isinstance(case.body, dict):
            share = dice.choice([0.5, 0.9, 1.0])
            case.body = self._sensible(case.body, dice, share)
        return self.sender(dice, resource)

    def _sensible(self, value: Any, dice: random.Random, share: float) -> Any:
        if isinstance(value, list):
            return [self._sensible(each, dice, share) for each in value[:5]]
        if not isinstance(value, dict):
            return value
        found = {}
        for name, inner in value.items():
            words = self.words.get(name)
            if name == "organisation" and dice.random() < 0.9:
                continue
            if words and not isinstance(inner, dict) and dice.random() < share:
                found[name] = copy.deepcopy(dice.choice(words))
            elif words and name in ("specs", "params") and dice.random() < share:
                found[name] = dice.choice(words)
            else:
                found[name] = self._sensible(inner, dice, share)
        return found

    # --- sending ---
    def cookies_of(self, sender: str) -> dict[str, str]:
        who, scopes = SENDERS.get(sender, ("", ()))
        return {} if scopes else self.cookies.get(who, {})

    def send(self, case: Any, sender: str) -> tuple[Any, float]:
        """One request through the whole WSGI application, undone afterwards; and how many seconds it took."""
        begun = time.monotonic()
        with transaction.atomic():
            answer = case.call(
                app=self.application, headers=self.headers[sender], cookies=self.cookies_of(sender)
            )
            transaction.set_rollback(True)
        return answer, time.monotonic() - begun


def complaints(case: Any, answer: Any) -> list[str]:
    """What schemathesis finds wrong with an answer."""
    try:
        case.validate_response(answer, checks=CHECKS)
    except FailureGroup as group:
        # A request that is broken and stale as well may be told of either: 412 refuses it too. In a bulk request
        # each row may be refused by itself.
        rows = answer.status_code == 200 and case.path.endswith("/bulk/") and answer.json()["refused"]
        refused = AcceptedNegativeData if answer.status_code == 412 or rows else ()
        found = [each for each in group.exceptions if not isinstance(each, refused)]
        return [f"{type(each).__name__}: {each.title}: {str(each.message)[:300]}" for each in found]
    return []


def run(ground: Ground, label: str, number: int, most: int, *, timed: bool = False) -> Tally:
    """`most` requests of one operation: half of them as the document asks, half of them broken."""
    tally = Tally()
    for part in range(8):  # a small operation may have no more than a few different requests: begin again
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            wanted = max(0, min(most // 2 + most % 2, most - tally.cases))
            if wanted:
                _some(ground, label, (number, part), mode, wanted, tally, timed)
        if tally.cases >= most:
            break
    return tally


def _some(
    ground: Ground,
    label: str,
    numbers: tuple[int, int],
    mode: GenerationMode,
    wanted: int,
    tally: Tally,
    timed: bool,
) -> None:
    operation = operations()[label]
    dice = random.Random(f"{label} {numbers} {mode}")
    broken = mode is GenerationMode.NEGATIVE

    @seed(dice.getrandbits(60))
    @settings(
        max_examples=wanted,
        database=None,
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=[*HealthCheck],
        backend="hypothesis",
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def each(case: Any) -> None:
        who = ground.settle(case, dice, broken)
        _judge(ground, case, who, tally, timed)

    try:
        each()
    except Unsatisfiable:  # nothing of it can be broken
        return


def _judge(ground: Ground, case: Any, who: str, tally: Tally, timed: bool) -> None:
    answer, seconds = ground.send(case, who)
    for _time in range(5):  # a busy machine is late now and then, what hangs hangs each time
        if timed and seconds > PATIENCE:
            time.sleep(1)
            seconds = min(seconds, ground.send(case, who)[1])
    tally.cases += 1
    tally.statuses[answer.status_code] += 1
    tally.slowest = max(tally.slowest, seconds)
    found = complaints(case, answer)
    if timed and seconds > PATIENCE:
        found.append(f"Slow: {seconds:.1f} s")
    for words in found:
        tally.wrong.setdefault(
            words, f"{who}: {case!r} → {answer.status_code} {answer.content[:500]!r}"[:3000]
        )


def quiet_connections() -> Any:
    """The application closes connections after requests; here they are in a transaction of the test."""

    class Quiet:
        def __enter__(self) -> None:
            for signal in (request_started, request_finished):
                signal.disconnect(close_old_connections)

        def __exit__(self, *args: object) -> None:
            for signal in (request_started, request_finished):
                signal.connect(close_old_connections)

    return Quiet()
