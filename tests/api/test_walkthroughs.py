"""The examples of docs/api.md, run as they stand against the program; and what the client does when things go wrong."""

import io
import json
import re
from collections.abc import Mapping
from contextlib import redirect_stdout
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import robot_alliance
from django.test import Client as Browser
from robot_alliance import Answer, Client, ProblemError, StaleError, UnreachableError

from alliance.selectors import feed
from companies.models import Capability
from matching.models import Demand, Export
from matching.services.exports import work_on_export
from tests.cast import World
from tests.factories import make_city, make_component_type, make_token

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "api.md"
EXAMPLES = dict(re.findall(r"^### ([^\n]+)\n.*?```python\n(.*?)```", DOCUMENT.read_text(), re.M | re.S))
HOST = "http://127.0.0.1:8000"


def inside(method: str, address: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
    """The client's way out, led into the program."""
    assert address.startswith(HOST)
    told = {name: value for name, value in headers.items() if name != "Content-Type"}
    answer: Any = Browser(headers=told).generic(
        method, address.removeprefix(HOST), body or b"", content_type=headers.get("Content-Type", "")
    )
    said = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return Answer(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, said)


@pytest.fixture
def region(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    make_city("510100", "Chengdu", "成都市")
    make_component_type("DRV-SWG", world.types["drive"])
    monkeypatch.setattr("robot_alliance.client.over_http", inside)
    monkeypatch.setattr(feed, "horizon", lambda: 2**62)
    return world


def run(name: str, token: str, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Any], str]:
    monkeypatch.setenv("TOKEN", token)
    names: dict[str, Any] = {}
    with redirect_stdout(io.StringIO()) as told:
        exec(compile(EXAMPLES[name], name, "exec"), names)  # noqa: S102 (our own document)
    return names, told.getvalue()


def test_every_example_is_run_here() -> None:
    assert len(EXAMPLES) == 3


def test_the_erp(region: World, monkeypatch: pytest.MonkeyPatch) -> None:
    name = next(each for each in EXAMPLES if "ERP" in each)
    text = region.tokens["supplier:service"]
    for result in ("created", "unchanged"):
        _names, told = run(name, text, monkeypatch)
        assert told.count(f" {result} []") == (3 if result == "created" else 2)
        assert "specs.rated_torque" in told
        assert "1100" in told
    assert Capability.objects.filter(external_id__startswith="SWG-", published=True).count() == 3


def test_the_mirror(region: World, monkeypatch: pytest.MonkeyPatch) -> None:
    name = next(each for each in EXAMPLES if "mirrors" in each)
    names, told = run(name, make_token(region.people["lead_official"], "read"), monkeypatch)
    kinds = {resource for resource, _id in names["mirror"]}
    assert kinds == {"organisations", "facilities", "capabilities", "sites", "demands", "introductions"}
    assert ("capabilities", str(region.capabilities["supplier"].public_id)) in names["mirror"]
    assert ("capabilities", str(region.capabilities["outsider"].public_id)) not in names["mirror"]
    assert told.count("\n") >= 5


def test_the_lab(region: World, monkeypatch: pytest.MonkeyPatch) -> None:
    name = next(each for each in EXAMPLES if "lab" in each)
    _names, told = run(name, region.tokens["lab_editor:write"], monkeypatch)
    assert "walker-hip" in told
    stored = Demand.objects.get(external_id="walker-2")
    assert stored.published
    assert stored.need_by == date(2027, 9, 30)
    assert stored.lines.count() == 2


def test_the_first_upsert_stands_in_the_document_as_it_works(region: World) -> None:
    """Every curl line with a body, sent as it stands, twice."""
    calls = re.findall(
        r"curl -X (\w+)[^\n]*\n\s+(http://127.0.0.1:8000\S+) -d '(.*?)'\n", DOCUMENT.read_text(), re.S
    )
    assert len(calls) == 2
    headers = {
        "Authorization": f"Bearer {region.tokens['supplier:service']}",
        "Content-Type": "application/json",
    }
    for expected in (201, 200):
        answers = [inside(method, address, headers, body.encode()) for method, address, body in calls]
        assert [answer.status for answer in answers] == [expected] * 2, answers
    assert Capability.objects.get(external_id="SWG-17").published


def test_the_examples_of_the_description_are_taken(region: World) -> None:
    """What the page proposes to try out is what one may send."""
    paths = json.loads((DOCUMENT.parent / "openapi.json").read_text())["paths"]
    tried = []
    for resource, who, name in (
        ("facilities", "supplier:service", "plant-1"),
        ("capabilities", "supplier:service", "SWG-17"),
        ("demands", "lab_editor:write", "walker-2"),
    ):
        asked = paths[f"/api/v1/{resource}/by-external-id/{{external_id}}/"]["put"]["requestBody"]
        client = Client(HOST, region.tokens[who])
        for example in asked["content"]["application/json"]["examples"].values():
            tried.append(client.upsert(resource, name, example["value"])["id"])
        many = paths[f"/api/v1/{resource}/bulk/"]["post"]["requestBody"]["content"]["application/json"]
        for example in many["examples"].values():
            rows = json.loads(json.dumps(example["value"]["rows"]).replace("walker-hip", "walker-hip-2"))
            found = client.bulk(resource, rows, atomic=True)
            tried += [row["id"] for row in found if row["result"] != "refused"]
    assert len(tried) == 6


def test_files_in_and_out(region: World) -> None:
    """An import that is checked, mended by its columns and confirmed; an export that is written while one waits."""

    def work(seconds: float) -> None:
        for row in Export.objects.filter(state="waiting"):
            work_on_export(row.pk)

    client = Client(HOST, region.tokens["supplier:service"], sleep=work)
    client.upsert("facilities", "plant-1", {"name": "Main plant", "city": "510100"})
    file = "编号,type,plant,title,我们的价格\nF-1,DRV-SWG,plant-1,Reducer,900\n".encode("gb18030")
    checked = client.import_capabilities("能力.csv", file, columns={"我们的价格": "unit_price"})
    assert (checked["state"], checked["counts"]["new"], checked["problems"]) == ("checked", 1, [])
    assert checked["file_name"] == "能力.csv"
    assert client.confirm(checked)["state"] == "saved"
    rows = [json.loads(line) for line in client.export("capabilities").splitlines()]
    assert {row["external_id"]: row["unit_price"] for row in rows if row["external_id"] == "F-1"} == {
        "F-1": 900
    }
    with pytest.raises(TimeoutError):
        Client(HOST, region.tokens["supplier:service"], sleep=lambda _s: None).export(
            "capabilities", seconds=3
        )


# --- when things go wrong ------------------------------------------------------------------------------------
class Moody:
    """Answers as it is told, one after the other, then as the program does."""

    def __init__(self, *moods: Any) -> None:
        self.moods, self.sent, self.slept = list(moods), [], []  # type: ignore[var-annotated]

    def __call__(self, method: str, address: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        self.sent.append((method, dict(headers), body))
        mood = self.moods.pop(0) if self.moods else None
        if mood == "lost":  # done, and nobody heard
            inside(method, address, headers, body)
            raise UnreachableError("the line broke")
        return mood or inside(method, address, headers, body)


def test_a_lost_answer_is_asked_for_again_and_nothing_is_done_twice(region: World) -> None:
    moody = Moody("lost", Answer(503, {"retry-after": "3"}, b""), Answer(429, {"retry-after": "7"}, b""))
    client = Client(HOST, region.tokens["supplier_editor:write"], send=moody, sleep=moody.slept.append)
    made = client.create("facilities", {"name": "Once", "city": "510100"})
    assert moody.slept[1:] == [3.0, 7.0]
    assert len({sent[1]["Idempotency-Key"] for sent in moody.sent}) == 1
    found = [row["id"] for row in client.list("facilities", q="Once", limit=1)]
    assert found == [made["id"]]


def test_what_may_not_be_sent_twice_is_not(region: World) -> None:
    moody = Moody()
    client = Client(HOST, region.tokens["supplier_editor:write"], send=moody, sleep=moody.slept.append)
    row = client.upsert("facilities", "f", {"name": "Plant", "city": "510100"})
    moody.moods = ["lost"]
    with pytest.raises(UnreachableError):
        client.change("facilities", row, name="Other")
    with pytest.raises(StaleError):
        client.change("facilities", row, name="Third")
    assert client.get("facilities", row["id"])["name"] == "Other"
    fresh = client.get("facilities", row["id"])
    client.remove("facilities", fresh)


def test_patience_ends(region: World) -> None:
    moody = Moody(*[Answer(503, {}, b'{"code": "unavailable"}')] * 3)
    client = Client(
        HOST, region.tokens["supplier_editor:write"], send=moody, tries=3, sleep=moody.slept.append
    )
    with pytest.raises(ProblemError) as told:
        client.get("facilities", "x")
    assert (told.value.status, told.value.code, len(moody.slept)) == (503, "unavailable", 2)


def test_a_page_that_names_another_host_does_not_get_the_token(region: World) -> None:
    page = b'{"results": [], "next": "http://evil.example/api/v1/facilities/?cursor=x", "previous": null}'
    moody = Moody(Answer(200, {}, page), Answer(200, {}, b'{"results": [], "next": null}'))
    addresses: list[str] = []

    def send(method: str, address: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        addresses.append(address)
        return moody(method, address, headers, body)

    assert list(Client(HOST, "t", send=send).list("facilities")) == []
    assert all(address.startswith(HOST) for address in addresses)
    with pytest.raises(ValueError, match="not a web address"):
        robot_alliance.over_http("GET", "file:///etc/passwd", {}, None)
