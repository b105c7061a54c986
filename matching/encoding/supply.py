"""All offers and sites at one moment, for runs of any alliance: read once, kept as files that processes map.

A supply has a version; its folder is written whole or not at all. Demands, weights and what an alliance sees
of its cities are read for each run and put over it (``encode_over``). What all runs over it would work out first lies
beside it, each piece made by one process (``lay_out``).
"""

import ctypes
import fcntl
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, cached_property, partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection

from alliance.models import City, Organisation
from companies.models import ComponentKey
from matching.encoding import demands as asked
from matching.encoding import offers, snapshot
from matching.encoding import requirements as wanted
from matching.encoding import surroundings as around
from matching.encoding.arrays import map_arrays, write_arrays
from matching.encoding.columns import Array, positions
from matching.encoding.freeze import Encoder, Frozen
from matching.encoding.identities import Identities
from matching.kernel import (
    ComponentKeys,
    Demands,
    Lines,
    Places,
    Problem,
    SiteKeys,
    Weights,
    no_demands,
    no_lines,
    problem,
)
from matching.kernel.compiled import is_ready, is_wanted
from matching.kernel.prepare import Prepared
from matching.kernel.problem import PARTS
from matching.kernel.shared import Arrays, Shared
from matching.models import LineCertificate
from scenarios.models import ScenarioKey

SOURCES = ("kernel", "encoding")
KEPT_SECONDS = 3600
IDS = ("capabilities", "suppliers", "sites", "cities", "organisations")
CODES = """
    SELECT code FROM companies_capabilitycertificate UNION SELECT code FROM companies_facilitycertificate
    UNION SELECT code FROM alliance_organisationcertificate UNION SELECT code FROM matching_linecertificate ORDER BY 1
"""
# What runs that have not ended are computed from; others keep identities there, which are longer than any version.
NEEDED = """
    SELECT convert_from(identities, 'UTF8') FROM matching_runinput WHERE octet_length(identities) <= 64
"""
DATABASE = """
    SELECT (SELECT system_identifier FROM pg_control_system())::text,
           (SELECT oid FROM pg_database WHERE datname = current_database())::text
"""


@dataclass(frozen=True)
class Supply:
    """problem: without demands. ids: database ids by position, of ``IDS``. codes: certificates by code number."""

    version: str
    folder: Path
    problem: Problem
    ids: dict[str, Array]
    keys: list[str]
    choices: list[list[str]]
    codes: list[str]

    @cached_property
    def shared(self) -> Shared:
        return Shared(self.problem, _keeper(self.folder), len(self.codes))


def open_supply(version: str) -> Supply:
    """FileNotFoundError when it is not there."""
    folder = _home() / version
    about = json.loads((folder / "about.json").read_text())
    arrays = map_arrays(folder / "problem")
    parts: dict[str, Any] = {name: cls.from_arrays(arrays, name + ".") for name, cls in PARTS.items()}
    built = Problem(as_of=about["as_of"], **parts)  # validated when it was written
    return Supply(
        version, folder, built, map_arrays(folder / "ids"), about["keys"], about["choices"], about["codes"]
    )


def has_supply(version: str) -> bool:
    return (_home() / version / "about.json").exists()


def write_supply(version: str, as_of: date) -> bool:
    """Read everything in the caller's snapshot; True when it is there by this process. Of several one writes, the
    others wait for it."""
    home = _home()
    home.mkdir(parents=True, exist_ok=True)
    with _alone(home / "writing.lock"):
        if has_supply(version):
            return False
        with _whole(home / version) as folder:
            _Everything(as_of).write(folder)
        _remove_old(home, version)
    _give_back()
    return True


def _give_back() -> None:
    """Memory that was freed goes back to the machine, where the C library knows how: two million rows have been read,
    and this process needs a tenth of it from now on."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def lay_out(supply: Supply, kinds: Collection[int], everywhere: Collection[int]) -> int:
    """Make what runs over a supply begin with, and return when all of it is there; how many pieces this process took.

    kinds: component types (ids) that lines ask for; everywhere: of these the ones that lines of open demands do.
    Several processes share the work. A run that comes earlier makes what it needs itself, or waits for whoever is
    making it. Who is killed leaves the pieces that are whole; the others are made by whoever comes next.
    """
    shared = supply.shared
    pieces: dict[str, Callable[[], object]] = {"specs": lambda: shared.specs}
    if is_wanted() and is_ready():
        tree = around.component_tree().ids
        types = positions(tree, np.array(sorted(kinds), np.int64))
        is_open = set(positions(tree, np.array(sorted(everywhere), np.int64)).tolist())
        sizes = shared.below[types] @ np.bincount(supply.problem.capabilities.type, minlength=len(tree))
        pieces |= _blocks(Prepared(supply.problem, shared), types[np.argsort(-sizes)].tolist(), is_open)
    taken = 0
    for name, make in pieces.items():
        with _if_free(supply.folder / f"laying-{name}.lock") as mine:
            if mine:
                make()
                taken += 1
    for make in pieces.values():
        make()
    shared.forget_holders()
    _give_back()
    return taken


def _blocks(
    prepared: Prepared, types: list[int], is_open: Collection[int]
) -> dict[str, Callable[[], object]]:
    """By name what the compiled loops share over a supply; what others need first."""
    from matching.kernel.compiled.cutting import whole_of
    from matching.kernel.compiled.marked import by_slot
    from matching.kernel.compiled.teams import conditions_of

    def conditions_over(type_: int) -> None:
        by_slot(prepared, conditions_of(prepared), whole_of(prepared, type_).laid, 2 * type_ + 1)

    pieces: dict[str, Callable[[], object]] = {"conditions": lambda: conditions_of(prepared)}
    pieces |= {f"open-{type_}": partial(whole_of, prepared, type_) for type_ in types}
    return pieces | {f"open-{t}-conditions": partial(conditions_over, t) for t in types if t in is_open}


def knows_certificates(supply: Supply, alliance: int) -> bool:
    """False when a line of the alliance asks for one that nobody held or asked for when the supply was written."""
    asked_for = LineCertificate.objects.filter(line__demand__alliance=alliance, line__demand__published=True)
    return set(asked_for.values_list("code", flat=True).distinct()) <= set(supply.codes)


def encode_over(supply: Supply, alliance: int, as_of: date) -> Frozen | None:
    """The problem of an alliance over a supply of the same moment, which knows its certificates; None when nothing of
    it is published."""
    demands = asked.read_demands(alliance, None)
    if not len(demands["id"]):
        return None
    return _OverSupply(supply, alliance, as_of, demands).frozen()


def alliance_parts(frozen: Frozen) -> Arrays:
    """What of a problem over a supply is not the supply's."""
    found: Arrays = {}
    for name in ("places", "demands", "lines", "weights"):
        found |= dict(getattr(frozen.problem, name).arrays(name + "."))
    return found | {"ids.demands": frozen.identities.demands, "ids.lines": frozen.identities.lines}


def over(supply: Supply, parts: Arrays) -> Frozen:
    """The inverse of ``alliance_parts``."""
    built = replace(
        supply.problem,
        places=Places.from_arrays(parts, "places."),
        demands=Demands.from_arrays(parts, "demands."),
        lines=Lines.from_arrays(parts, "lines."),
        weights=Weights.from_arrays(parts, "weights."),
    )
    return Frozen(built, _identities(supply, parts["ids.demands"], parts["ids.lines"]))


def _identities(supply: Supply, demands: Array, lines: Array) -> Identities:
    ids = supply.ids
    return Identities(
        demands, lines, ids["capabilities"], ids["suppliers"], ids["sites"], supply.keys, supply.choices
    )


class _Everything(Encoder):
    """Every published offer and site, every key, city and organisation; no demand."""

    def __init__(self, as_of: date) -> None:
        self.alliance, self.as_of = 0, as_of
        self.component_tree, self.scenario_tree = around.component_tree(), around.scenario_tree()
        self.reach = offers.Reach(0, as_of, [], self.component_tree.ids.tolist())
        self.site_reach = offers.Reach(0, as_of, [], self.scenario_tree.ids.tolist())
        self.now = snapshot.current()
        self.chosen = self.now.chosen(self.reach) if self.now else None
        self.capabilities = self.chosen.found if self.chosen else offers.read_capabilities(self.reach)
        self.sites = offers.read_sites(self.site_reach)
        self.organisations = np.array(
            Organisation.objects.order_by("pk").values_list("pk", flat=True), np.int64
        )
        self.cities = np.array(City.objects.order_by("pk").values_list("pk", flat=True), np.int64)

    def write(self, folder: Path) -> None:
        keys = around.component_keys(ComponentKey.objects.values_list("pk", flat=True))
        site_keys = around.scenario_keys(ScenarioKey.objects.values_list("pk", flat=True))
        codes = read_codes()
        built = problem(
            as_of=self.as_of.toordinal(),
            places=around.read_places(0, self.cities),
            component_keys=ComponentKeys(keys.kind, keys.n_choices),
            site_keys=SiteKeys(site_keys.kind, site_keys.n_choices),
            types=around.component_types(self.component_tree, keys),
            scenario_types=around.scenario_types(self.scenario_tree),
            organisations=around.read_organisations(self.organisations),
            capabilities=self._capabilities(keys, codes),
            demands=no_demands(),
            lines=no_lines(),
            sites=self._sites(keys, site_keys, self._conditions()),
            weights=around.default_weights(),
        )
        about = {"as_of": built.as_of, "keys": keys.names, "choices": keys.choices, "codes": codes}
        (folder / "about.json").write_text(json.dumps(about))
        write_arrays(folder / "problem", dict(built.arrays()))
        ids = (
            self.capabilities["id"],
            self.capabilities["firm"],
            self.sites["id"],
            self.cities,
            self.organisations,
        )
        write_arrays(folder / "ids", dict(zip(IDS, ids, strict=True)))


def read_codes() -> list[str]:
    """All certificates that somebody holds or asks for."""
    with connection.cursor() as cursor:
        cursor.execute(CODES)
        return [row[0] for row in cursor.fetchall()]


class _OverSupply(Encoder):
    """An alliance's demands in the positions of a supply."""

    def __init__(self, supply: Supply, alliance: int, as_of: date, demands: dict[str, Array]) -> None:
        self.supply, self.alliance, self.as_of, self.demands = supply, alliance, as_of, demands
        self.lines = asked.read_lines(demands["id"])
        self.component_tree, self.scenario_tree = around.component_tree(), around.scenario_tree()
        self.cities, self.organisations = supply.ids["cities"], supply.ids["organisations"]

    def frozen(self) -> Frozen:
        keys = around.component_keys(ComponentKey.objects.values_list("pk", flat=True))
        site_keys = around.scenario_keys(ScenarioKey.objects.values_list("pk", flat=True))
        codes = asked.line_certificates(self.demands["id"])
        built = replace(
            self.supply.problem,
            places=Places(
                self.supply.problem.places.travel, *around.read_members(self.alliance, self.cities)
            ),
            demands=self._demands(wanted.site_requirements(self.demands["id"], site_keys)),
            lines=self._lines(
                wanted.line_requirements(self.demands["id"], self.lines["id"], keys), codes, self.supply.codes
            ),
            weights=around.read_weights(self.alliance),
        )
        built.validate_demands()
        identities = _identities(self.supply, self.demands["id"], self.lines["id"])
        return Frozen(built, identities, self.supply.version)


# --- files --------------------------------------------------------------------------------------------------------
def _home() -> Path:
    """Databases apart, also one that came out of a backup under the same name."""
    with connection.cursor() as cursor:
        cursor.execute(DATABASE)
        cluster, database = cursor.fetchone()
    home = Path(settings.SNAPSHOT_DIR or tempfile.gettempdir())
    return home / f"supply-{cluster}-{database}-{_program()}"


@cache
def _program() -> str:
    """What reads and writes these files: another version of the program has others, also while both are at work."""
    sources = sorted(
        path for part in SOURCES for path in (settings.BASE_DIR / "matching" / part).rglob("*.py")
    )
    return blake2b(b"".join(path.read_bytes() for path in sources), digest_size=6).hexdigest()


@contextmanager
def _alone(lock: Path) -> Iterator[Any]:
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


@contextmanager
def _if_free(lock: Path) -> Iterator[bool]:
    """Whether nobody else holds it; one that was killed lets go."""
    with lock.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


@contextmanager
def _whole(folder: Path) -> Iterator[Any]:
    """A folder that is there when everything in it is; what a crash leaves behind is nobody's."""
    scratch = Path(tempfile.mkdtemp(prefix="unfinished-", dir=folder.parent))
    try:
        yield scratch
        os.replace(scratch, folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _keeper(folder: Path) -> Callable[[str, Callable[[], Arrays]], Arrays]:
    """What is worked out of a supply lies beside it; whoever needs it first makes it."""

    def keep(name: str, make: Callable[[], Arrays]) -> Arrays:
        place = folder / f"made-{name}"
        if not place.exists():
            with _alone(folder / f"{name}.lock"):
                if not place.exists():
                    scratch = folder / f"unfinished-{name}"
                    try:
                        write_arrays(scratch, make())
                        os.replace(scratch, place)
                    finally:
                        scratch.unlink(missing_ok=True)
        return map_arrays(place)

    return keep


def _remove_old(home: Path, current: str) -> None:
    """Versions of this program that no run needs, and all of other versions of the program, after an hour."""
    with connection.cursor() as cursor:
        cursor.execute(NEEDED)
        needed = {home.name, current, *(row[0] for row in cursor.fetchall())}
    others = home.parent.glob(home.name.removesuffix(_program()) + "*")
    for folder in (*home.iterdir(), *others):
        old = folder.is_dir() and time.time() - folder.stat().st_mtime > KEPT_SECONDS
        if old and folder.name not in needed:
            shutil.rmtree(folder, ignore_errors=True)
