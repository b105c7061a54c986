"""A client made from docs/openapi.json by a public generator: without a warning, and it plays the walk-throughs.

Those of docs/api.md, against real server processes on a real database.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from companies.models import Capability
from matching.models import Demand
from tests.api.test_schema_file import FILE
from tests.cast import World
from tests.factories import make_token
from tests.live.site import LiveSite

pytestmark = pytest.mark.long

TOOLS = Path(sys.executable).parent
PACKAGE = "generated_alliance"


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the generator said; the package is on the path and imported whole."""
    folder = tmp_path_factory.mktemp("generated")
    words = ["generate", "--fail-on-warning", "--meta", "none"]
    found = subprocess.run(
        [TOOLS / "openapi-python-client", *words, "--path", FILE, "--output-path", folder / PACKAGE],
        cwd=folder,
        env=os.environ | {"PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    sys.path.insert(0, str(folder))
    package = importlib.import_module(PACKAGE)
    for module in pkgutil.walk_packages(package.__path__, f"{PACKAGE}."):
        importlib.import_module(module.name)
    return found.stdout + found.stderr


class Made:
    """The generated package as a program uses it: `made(name of the operation, …)` and `made.model(name)`."""

    def __init__(self, url: str, token: str) -> None:
        client = importlib.import_module(PACKAGE).AuthenticatedClient
        self.client = client(base_url=url, token=token, headers={"Accept-Language": "en"})
        self.models = importlib.import_module(f"{PACKAGE}.models")
        package = importlib.import_module(f"{PACKAGE}.api")
        found = pkgutil.walk_packages(package.__path__, f"{PACKAGE}.api.")
        self.operations = {module.name.rpartition(".")[2]: module.name for module in found}

    def __call__(self, operation: str, *args: Any, **more: Any) -> Any:
        module = importlib.import_module(self.operations[operation])
        return module.sync_detailed(*args, client=self.client, **more)

    def model(self, name: str, body: dict[str, Any]) -> Any:
        return getattr(self.models, name).from_dict(body)

    def pages(self, operation: str, **filters: Any) -> Iterator[Any]:
        """Every row: `next` names the cursor of the page after this one."""
        cursor: dict[str, Any] = {}
        while True:
            page = self(operation, limit=200, **filters, **cursor).parsed
            yield from page.results
            if page.next_ is None:
                return
            cursor = {"cursor": parse_qs(urlsplit(page.next_).query)["cursor"][0]}


@pytest.fixture
def made(generated: str, live_site: LiveSite) -> Iterator[Callable[[str], Made]]:
    opened: list[Made] = []

    def client(token: str) -> Made:
        opened.append(Made(live_site.url, token))
        return opened[-1]

    yield client
    for each in opened:
        each.client.get_httpx_client().close()


def test_the_generator_has_nothing_to_warn_of(generated: str) -> None:
    assert generated.strip() == f"Generating {Path(sys.modules[PACKAGE].__file__ or '').parent}"


def test_every_operation_and_every_body_is_in_the_package(generated: str) -> None:
    document = json.loads(FILE.read_text())
    asked = {each["operationId"] for item in document["paths"].values() for each in item.values()}
    assert set(Made("http://127.0.0.1", "").operations) >= asked
    models = importlib.import_module(f"{PACKAGE}.models")
    named = {name for name in document["components"]["schemas"] if name[-5:] in ("Shown", "Asked")}
    assert not [name for name in named if not hasattr(models, name)]


def test_a_patch_of_the_package_says_only_what_it_was_told(generated: str) -> None:
    """Defaults in the description of a PATCH would reset fields that nobody named."""
    models = importlib.import_module(f"{PACKAGE}.models")
    patches = [name for name in models.__all__ if name.startswith("Patched") and name.endswith("Asked")]
    assert (
        len(patches) == 8
    )  # six bodies; a site need and a contact, which stand in them and ask for something else
    assert not any(getattr(models, name)().to_dict() for name in patches)


def part(size: int, torque: float, price: int) -> dict[str, Any]:
    return {
        "external_id": f"SWG-{size}",
        "facility": "plant-1",
        "component_type": "DRV-SWG",
        "title": f"Strain-wave reducer size {size}",
        "specs": {"rated_torque": f"{torque} N*m"},
        "terms": {"capacity_per_month": 2000, "committed_per_month": 500, "unit_price": price},
        "prototype_lead_days": "21 d",
        "volume_lead_days": 45,
        "certificates": [{"code": "ISO9001", "expires_on": "2029-06-30"}],
        "published": True,
    }


@pytest.mark.worker
def test_the_erp(made: Callable[[str], Made], live_world: World) -> None:
    erp = made(live_world.tokens["supplier:service"])
    plant = erp.model("FacilityAsked", {"name": "Main plant", "city": "510100"})
    assert erp("facilities_by_external_id_update", "plant-1", body=plant).status_code == 201
    parts = [part(14, 7.8, 820), part(17, 24, 990), part(20, 40, 1180)]
    bulk = erp.model("CapabilityBulkAsked", {"rows": parts, "atomic": False})
    for results in (["created"] * 3, ["unchanged"] * 3):
        told = erp("capabilities_bulk_create", body=bulk).parsed
        assert [row.result.value for row in told.results] == results, told
    body = erp.model("CapabilityAsked", parts[1])
    stored = erp("capabilities_by_external_id_update", "SWG-17", body=body)
    assert stored.status_code == 200
    patch = erp.model("PatchedCapabilityAsked", {"terms": {"committed_per_month": 900}})
    changed = erp(
        "capabilities_partial_update", stored.parsed.id, body=patch, if_match=stored.headers["etag"]
    )
    assert changed.parsed.terms.free_per_month == 1100
    assert changed.parsed.terms.unit_price == 990
    wrong = {**parts[0], "external_id": "", "specs": {"rated_torque": "40 kg"}}
    refused = erp("capabilities_by_external_id_update", "SWG-99", body=erp.model("CapabilityAsked", wrong))
    assert refused.status_code == 400
    assert [error.field for error in refused.parsed.errors] == ["specs.rated_torque"]
    assert Capability.objects.filter(external_id__startswith="SWG-", published=True).count() == 3


@pytest.mark.worker
def test_the_mirror(made: Callable[[str], Made], live_world: World) -> None:
    bureau = made(make_token(live_world.people["lead_official"], "read"))
    erp = made(live_world.tokens["supplier:service"])
    mirror: dict[tuple[str, UUID], Any] = {}
    start = bureau.models.ChangesRetrieveStart("now")
    cursor = bureau("changes_retrieve", start=start).parsed.cursor
    resources = ("organisations", "facilities", "capabilities", "sites", "demands", "introductions")
    for resource in resources:
        for row in bureau.pages(f"{resource}_list"):
            mirror[resource, row.id] = row
    assert {resource for resource, _id in mirror} == set(resources)
    own = live_world.capabilities["supplier"]
    foreign = live_world.capabilities["outsider"]
    assert ("capabilities", own.public_id) in mirror
    assert ("capabilities", foreign.public_id) not in mirror

    etag = erp("capabilities_retrieve", own.public_id).headers["etag"]
    patch = erp.model("PatchedCapabilityAsked", {"title": "Renamed"})
    assert erp("capabilities_partial_update", own.public_id, body=patch, if_match=etag).status_code == 200
    gone = live_world.capabilities["near"]
    etag = erp("capabilities_retrieve", gone.public_id).headers["etag"]
    assert erp("capabilities_destroy", gone.public_id, if_match=etag).status_code == 204
    more = True
    while more:
        feed = bureau("changes_retrieve", cursor=cursor, limit=200).parsed
        for change in feed.results:
            place = (change.resource.value, change.id)
            answer = bureau(f"{place[0]}_retrieve", change.id)
            if change.removed or answer.status_code == 404:
                mirror.pop(place, None)
            else:
                mirror[place] = answer.parsed
        cursor, more = feed.cursor, feed.more
    assert mirror["capabilities", own.public_id].title == "Renamed"
    assert ("capabilities", gone.public_id) not in mirror or not mirror[
        "capabilities", gone.public_id
    ].published
    found = list(bureau.pages("matches_list"))
    assert {match.capability for match in found} >= {own.public_id}
    assert all(match.score > 0 and match.terms.fit >= 0 for match in found)


@pytest.mark.worker
def test_the_lab(made: Callable[[str], Made], live_world: World) -> None:
    lab = made(live_world.tokens["lab_editor:write"])
    lines = [
        {
            "external_id": f"walker-{joint}",
            "component_type": "DRV-SWG",
            "quantity": 12,
            "monthly_rate": 100,
            "requirements": [{"key": "rated_torque", "op": ">=", "value": f"{torque} N*m"}],
            "certificates": ["ISO9001"],
            "price": {"ceiling_unit_price": 1500},
        }
        for joint, torque in (("hip", 38), ("knee", 20))
    ]
    walker = {
        "title": "A walker for warehouses",
        "start_date": "2026-12-01",
        "need_by": "2027-09-30",
        "confidentiality": "members",
        "lines": lines,
    }
    preview = lab("match_preview_create", body=lab.model("PreviewAsked", {"demand": walker})).parsed
    assert [line.external_id for line in preview.demand.lines] == ["walker-hip", "walker-knee"]
    body = lab.model("DemandAsked", walker)
    demand = lab("demands_by_external_id_update", "walker-2", body=body)
    assert demand.status_code == 201, demand.content
    patch = lab.model("PatchedDemandAsked", {"published": True})
    published = lab("demands_partial_update", demand.parsed.id, body=patch, if_match=demand.headers["etag"])
    assert published.status_code == 200, published.content
    assert list(lab.pages("matches_list", demand=demand.parsed.id)) == []
    stored = Demand.objects.get(external_id="walker-2")
    assert (stored.published, stored.need_by, stored.lines.count()) == (True, date(2027, 9, 30), 2)
    assert stored.confidentiality == "members"
    need = {"scenario_type": "IND", "fleet_size": 4, "trial_days": 30}
    for given in (need, {"trial_days": 31}):  # a whole one first, then one figure of it
        patch = lab.model("PatchedDemandAsked", {"site_need": given})
        changed = lab("demands_partial_update", demand.parsed.id, body=patch, if_match="*")
        assert changed.status_code == 200, changed.content
    assert (changed.parsed.site_need.fleet_size, changed.parsed.site_need.trial_days) == (4, 31)
