"""A synthetic region as a bundle folder: same arguments, same bytes. Reads reference data, needs no database.

Rows are streamed; what stays in memory is the reference data, the labs and the operators, and, where lines are
to be made as picky as asked, some 200,000 capabilities.
"""

import csv
import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final, Literal

from django.utils.translation import gettext as _

from alliance.errors import DomainError
from matching.services.generation.aiming import KEPT, TRIAL_LINES, Aim, Kept, Range, Row, both, take_aim
from matching.services.generation.firms import BASE_DATE, Cast, FirmWriter, Write, write_bureaus
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


@dataclass(frozen=True, slots=True)
class Generated:
    """The sizes asked for, and how the lines were made as picky as asked (None: they were not)."""

    sizes: dict[str, int]
    aim: Aim | None


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
    feasible: int | None = None,
    condition_sets: int | None = None,
    reference: Path = REFERENCE,
) -> Generated:
    """Write the bundle. Refuses a folder that is not empty.

    feasible: about so many capabilities suit a line at the median; by default what comes of itself.
    condition_sets: exactly so many different sets of part conditions (and sites without any).
    """
    sizes = {
        "firms": firms, "capabilities": capabilities, "demands": demands, "lines": lines, "sites": sites,
        "alliances": alliances,
    }  # fmt: skip
    _check(path, sizes, open_share)
    _check_wishes(sizes, feasible, condition_sets)
    path.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        shutil.copyfile(reference / name, path / name)
    region = _Region(reference, alliances, cities, seed)
    with ExitStack() as stack:
        files = _Files(path, stack)
        region.write_places(files)
        kept = region.write_firms(files, firms, capabilities, keep=feasible is not None)
        aim = region.aim(kept, open_share, lines / demands, feasible) if feasible and demands else None
        region.write_demands(files, demands, lines, open_share, aim.strictness if aim else 0.0)
        region.write_sites(files, sites, condition_sets)
    return Generated(sizes, aim)


def _check_wishes(sizes: dict[str, int], feasible: int | None, condition_sets: int | None) -> None:
    if feasible is not None and feasible < 1:
        raise DomainError(_("At least one capability must suit a line."), field="feasible")
    if condition_sets is not None and not 0 <= condition_sets <= sizes["sites"]:
        raise DomainError(
            _("There cannot be more sets of part conditions than sites."), field="condition_sets"
        )


class _Region:
    """What the files of one region share. Each section draws from a generator of its own."""

    def __init__(self, reference: Path, alliances: int, cities: Literal["all", "seed"], seed: int) -> None:
        self.reference, self.seed = reference, seed
        self.components = load_tree(reference / "component_types.json", self.rng("components"))
        self.scenarios = load_tree(reference / "scenario_types.json", self.rng("scenarios"))
        self.places = load_places(reference, cities)
        self.by_code = {place.code: place for place in self.places}
        self.pacts = make_pacts(reference, self.places, alliances, cities, self.rng("alliances"))
        self.cast = Cast()

    def rng(self, section: str) -> Random:
        return Random(f"{self.seed}:{section}")  # noqa: S311 - made-up rows, and the same ones every time

    def write_places(self, files: _Files) -> None:
        pacts = self.pacts
        _write_all(files["cities.csv"], [list(place.row.values()) for place in self.places])
        _write_all(files["travel_times.csv"], list(travel_rows(pacts, self.places, self.rng("travel"))))
        _write_all(files["alliances.csv"], [[p.slug, p.name_en, p.name_zh, p.lead, p.weights] for p in pacts])
        _write_all(
            files["memberships.csv"],
            [[p.slug, city, ";".join(roles), "generated"] for p in pacts for city, roles in p.roles.items()],
        )

    def write_firms(self, files: _Files, firms: int, capabilities: int, *, keep: bool) -> Kept:
        """`keep` some capabilities to judge trial lines against."""
        organisation, facility, capability = (
            files[name] for name in ("organisations.csv", "facilities.csv", "capabilities.csv")
        )
        write_bureaus(self.pacts, self.by_code, organisation, self.cast)
        kept = Kept(max(1, -(-capabilities // KEPT)))
        if keep:
            organisation, facility = both(organisation, kept.organisation), both(facility, kept.facility)
            capability = both(capability, kept.capability)
        makers = (organisation, facility, capability)
        writer = FirmWriter(self.rng("firms"), self.pacts, self.places, self.components, makers)
        writer.write(firms, capabilities, self.cast)
        return kept

    def aim(self, kept: Kept, open_share: float, lines_each: float, feasible: int) -> Aim:
        demands = max(1, round(TRIAL_LINES / lines_each))

        def trial(strictness: float) -> tuple[list[Row], list[Row]]:
            tables: tuple[list[Row], list[Row]] = ([], [])
            writers = (tables[0].append, tables[1].append)
            asking = DemandWriter(
                self.rng("trial"), self.pacts, self.cast, self.components, self.scenarios, writers, strictness
            )
            asking.write(demands, round(demands * lines_each), open_share)
            return tables

        return take_aim(Range(kept, self.reference, self.places, self.pacts, BASE_DATE), trial, feasible)

    def write_demands(
        self, files: _Files, demands: int, lines: int, open_share: float, strictness: float
    ) -> None:
        askers = (files["demands.csv"], files["demand_lines.csv"])
        asking = DemandWriter(
            self.rng("demands"), self.pacts, self.cast, self.components, self.scenarios, askers, strictness
        )
        asking.write(demands, lines, open_share)

    def write_sites(self, files: _Files, sites: int, distinct: int | None) -> None:
        hosts = (files["sites.csv"], files["site_windows.csv"])
        trees = (self.components, self.scenarios)
        write_sites(self.rng("sites"), sites, self.pacts, self.cast, self.by_code, trees, hosts, distinct)
