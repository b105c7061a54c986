"""A synthetic region as a bundle folder: same arguments, same bytes. Reads reference data, needs no database.

Rows are streamed; what stays in memory is the reference data, the labs and the operators.
"""

import csv
import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Final, Literal

from django.utils.translation import gettext as _

from alliance.errors import DomainError
from matching.services.generation.firms import Cast, FirmWriter, Write, write_bureaus
from matching.services.generation.needs import DemandWriter, write_sites
from matching.services.generation.places import CITY_COLUMNS, load_places, make_pacts, travel_rows
from matching.services.generation.trees import load_tree

REFERENCE: Final = Path(__file__).resolve().parents[3] / "data" / "reference"
COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "cities.csv": CITY_COLUMNS,
    "travel_times.csv": ("origin", "destination", "minutes", "km", "source"),
    "alliances.csv": ("slug", "name_en", "name_zh", "lead_city", "weights"),
    "memberships.csv": ("alliance", "city", "roles", "basis"),
    "organisations.csv": (
        "external_id", "kind", "uscc", "name_en", "name_zh", "city", "roles", "verified", "claimed",
        "suspended", "fictitious", "source", "certifications", "deliveries_completed", "deliveries_on_time",
        "excluded",
    ),
    "facilities.csv": (
        "external_id", "organisation", "name", "city", "latitude", "longitude", "certifications",
    ),
    "capabilities.csv": (
        "external_id", "facility", "component_type", "title", "specs", "capacity_per_month",
        "committed_per_month", "min_order_quantity", "prototype_lead_days", "volume_lead_days",
        "unit_price", "certifications", "available_from", "valid_until", "published",
    ),
    "demands.csv": (
        "external_id", "organisation", "alliance", "title", "lab_city", "scope", "confidentiality",
        "start_date", "need_by", "iterations", "deployment_city", "scenario_type", "fleet_size",
        "trial_days", "site_requirements", "open_points", "published",
    ),
    "demand_lines.csv": (
        "external_id", "demand", "component_type", "quantity", "monthly_rate", "need_by",
        "target_unit_price", "ceiling_unit_price", "certifications", "requirements", "open_points",
    ),
    "sites.csv": (
        "external_id", "organisation", "name", "city", "latitude", "longitude", "scenario_type", "params",
        "part_conditions", "fleet_capacity", "published",
    ),
    "site_windows.csv": ("site", "starts", "ends"),
}  # fmt: skip
COPIED: Final = ("component_types.json", "scenario_types.json", "certifications.csv")


def _check(path: Path, sizes: dict[str, int], open_share: float) -> None:
    for name, size in sizes.items():
        if size < 0:
            raise DomainError(_("A count cannot be negative."), field=name)
    if not 0 <= open_share <= 1:
        raise DomainError(_("The share of open demands lies between 0 and 1."), field="open_share")
    if sizes["lines"] < sizes["demands"] or (sizes["lines"] and not sizes["demands"]):
        raise DomainError(_("Every demand needs at least one line, and every line a demand."), field="lines")
    if sizes["firms"] < 1 and sizes["capabilities"] + sizes["demands"]:
        raise DomainError(_("Capabilities and demands need at least one firm."), field="firms")
    if sizes["alliances"] < 1 and sizes["demands"] + sizes["sites"]:
        raise DomainError(_("Demands and sites need at least one alliance."), field="alliances")
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise DomainError(_("The folder is not empty."), field="path")


class _Files:
    """The CSV files of a bundle, open for writing."""

    def __init__(self, path: Path, stack: ExitStack) -> None:
        self._path = path
        self._stack = stack

    def __getitem__(self, name: str) -> Write:
        file = self._stack.enter_context((self._path / name).open("w", encoding="utf-8", newline=""))
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS[name])
        return writer.writerow


def _write_all(write: Write, rows: Sequence[Sequence[object]]) -> None:
    for row in rows:
        write(row)


def generate_region(
    path: Path,
    *,
    firms: int,
    capabilities: int,
    demands: int,
    lines: int,
    sites: int,
    alliances: int,
    open_share: float,
    seed: int,
    cities: Literal["all", "seed"] = "all",
    reference: Path = REFERENCE,
) -> dict[str, int]:
    """Write the bundle and return the sizes asked for. Refuses a folder that is not empty."""
    sizes = {
        "firms": firms, "capabilities": capabilities, "demands": demands, "lines": lines, "sites": sites,
        "alliances": alliances,
    }  # fmt: skip
    _check(path, sizes, open_share)
    path.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        shutil.copyfile(reference / name, path / name)

    def rng(section: str) -> Random:
        return Random(f"{seed}:{section}")  # noqa: S311 - made-up rows, and the same ones every time

    components = load_tree(reference / "component_types.json", rng("components"))
    scenarios = load_tree(reference / "scenario_types.json", rng("scenarios"))
    places = load_places(reference, cities)
    by_code = {place.code: place for place in places}
    pacts = make_pacts(reference, places, alliances, cities, rng("alliances"))
    cast = Cast()
    with ExitStack() as stack:
        files = _Files(path, stack)
        _write_all(files["cities.csv"], [list(place.row.values()) for place in places])
        _write_all(files["travel_times.csv"], list(travel_rows(pacts, places, rng("travel"))))
        _write_all(files["alliances.csv"], [[p.slug, p.name_en, p.name_zh, p.lead, p.weights] for p in pacts])
        _write_all(
            files["memberships.csv"],
            [[p.slug, city, ";".join(roles), "generated"] for p in pacts for city, roles in p.roles.items()],
        )
        organisation = files["organisations.csv"]
        write_bureaus(pacts, by_code, organisation, cast)
        makers = (organisation, files["facilities.csv"], files["capabilities.csv"])
        FirmWriter(rng("firms"), pacts, places, components, makers).write(firms, capabilities, cast)
        askers = (files["demands.csv"], files["demand_lines.csv"])
        asking = DemandWriter(rng("demands"), pacts, cast, components, scenarios, askers)
        asking.write(demands, lines, open_share)
        hosts = (files["sites.csv"], files["site_windows.csv"])
        write_sites(rng("sites"), sites, pacts, cast, by_code, (components, scenarios), hosts)
    return sizes
