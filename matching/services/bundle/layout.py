"""The files of a bundle and their columns, in the order in which they are read and written."""

from typing import Final

from alliance.choices import CityRole, Confidentiality, OrganisationKind, OrganisationRole, Scope
from matching.services.bundle.cells import (
    MAX_DAYS,
    Column,
    join_list,
    read_bool,
    read_certificates,
    read_choice,
    read_choices,
    read_codes,
    read_date,
    read_float,
    read_json,
    read_name,
    read_text,
    read_texts,
    read_whole,
    write_bool,
    write_certificates,
    write_date,
    write_json,
    write_number,
    write_text,
    write_texts,
)

_WHOLE: Final = 2**31 - 1


def _text(name: str, limit: int, *, needed: bool = False) -> Column:
    return Column(name, read_text(limit), write_text, needed=needed, default="")


def _key(name: str, limit: int, pattern: str = "", example: str = "") -> Column:
    return Column(name, read_name(limit, pattern, example), needed=True)


def _refers(name: str, table: str, *, needed: bool = True) -> Column:
    return Column(name, read_name(241), needed=needed, refers=table)


def _yes_no(name: str, default: bool, *, extra: bool = False) -> Column:
    return Column(name, read_bool, write_bool, default=default, extra=extra)


def _date(name: str, *, needed: bool = False) -> Column:
    return Column(name, read_date, write_date, needed=needed)


def _days(name: str, *, least: int = 0, needed: bool = True) -> Column:
    return Column(name, read_whole(least, MAX_DAYS), write_number, needed=needed)


def _json(name: str) -> Column:
    return Column(name, read_json, write_json)


def _positive(name: str, *, needed: bool = False, default: float | None = None) -> Column:
    return Column(name, read_float(above=0), write_number, needed=needed, default=default)


def _held() -> Column:
    return Column("certifications", read_certificates, write_certificates, default=list)


def _point(needed: bool) -> tuple[Column, Column]:
    return (
        Column("latitude", read_float(least=-90, most=90), write_number, needed=needed),
        Column("longitude", read_float(least=-180, most=180), write_number, needed=needed),
    )


_EXTERNAL_ID: Final = _key("external_id", 120)
_POINTS: Final = Column("open_points", read_texts(1000), write_texts, default=list)

COMPONENT_TYPES: Final = "component_types.json"
SCENARIO_TYPES: Final = "scenario_types.json"

COLUMNS: Final[dict[str, tuple[Column, ...]]] = {
    "cities.csv": (
        _key("code", 12, r"[A-Za-z0-9-]+", "510100"),
        _refers("parent", "cities.csv", needed=False),
        _text("name_en", 300),
        _text("name_zh", 300),
        _text("province_en", 100),
        _text("province_zh", 100),
        *_point(needed=True),
    ),
    "travel_times.csv": (
        _refers("origin", "cities.csv"),
        _refers("destination", "cities.csv"),
        _positive("minutes", needed=True),
        Column("km", read_float(least=0), write_number),
        _text("source", 300),
    ),
    "certifications.csv": (
        _key("code", 64),
        _text("name_en", 300),
        _text("name_zh", 300),
        Column("synonyms", read_texts(200), write_texts, default=list),
    ),
    "alliances.csv": (
        _key("slug", 64, r"[A-Za-z0-9_-]+", "chengdu-2026"),
        _text("name_en", 300),
        _text("name_zh", 300),
        _refers("lead_city", "cities.csv"),
        _json("weights"),
        _yes_no("publishes_directory", default=False, extra=True),
    ),
    "memberships.csv": (
        _refers("alliance", "alliances.csv"),
        _refers("city", "cities.csv"),
        Column("roles", read_choices(*CityRole.values), join_list, default=list),
        _text("basis", 300),
    ),
    "organisations.csv": (
        _EXTERNAL_ID,
        Column("kind", read_choice(*OrganisationKind.values), needed=True),
        Column("uscc", read_name(18)),
        _text("name_en", 300),
        _text("name_zh", 300),
        _refers("city", "cities.csv"),
        Column("roles", read_choices(*OrganisationRole.values), join_list, default=list),
        _yes_no("verified", default=False),
        _yes_no("claimed", default=True),
        _yes_no("suspended", default=False),
        _yes_no("fictitious", default=False),
        _text("source", 1000),
        _held(),
        Column("deliveries_completed", read_whole(0, _WHOLE), write_number, default=0),
        Column("deliveries_on_time", read_whole(0, _WHOLE), write_number, default=0),
        Column("excluded", read_texts(120), join_list, default=list),
        _yes_no("listed", default=True, extra=True),
    ),
    "facilities.csv": (
        _EXTERNAL_ID,
        _refers("organisation", "organisations.csv"),
        _text("name", 300, needed=True),
        _refers("city", "cities.csv"),
        *_point(needed=False),
        _held(),
    ),
    "capabilities.csv": (
        _EXTERNAL_ID,
        _refers("facility", "facilities.csv"),
        _refers("component_type", COMPONENT_TYPES),
        _text("title", 300, needed=True),
        _json("specs"),
        Column("capacity_per_month", read_float(least=0), write_number, needed=True),
        Column("committed_per_month", read_float(least=0), write_number, default=0.0),
        _positive("min_order_quantity", default=1.0),
        _days("prototype_lead_days"),
        _days("volume_lead_days"),
        _positive("unit_price"),
        _held(),
        _date("available_from"),
        _date("valid_until"),
        _yes_no("published", default=True),
    ),
    "sites.csv": (
        _EXTERNAL_ID,
        _refers("organisation", "organisations.csv"),
        _text("name", 300, needed=True),
        _refers("city", "cities.csv"),
        *_point(needed=False),
        _refers("scenario_type", SCENARIO_TYPES),
        _json("params"),
        _json("part_conditions"),
        _positive("fleet_capacity", needed=True),
        _yes_no("published", default=True),
    ),
    "site_windows.csv": (
        _refers("site", "sites.csv"),
        _date("starts", needed=True),
        _date("ends", needed=True),
    ),
    "demands.csv": (
        _EXTERNAL_ID,
        _refers("organisation", "organisations.csv"),
        _refers("alliance", "alliances.csv"),
        _text("title", 300, needed=True),
        _refers("lab_city", "cities.csv"),
        Column("scope", read_choice(*Scope.values), default=Scope.ALLIANCE.value),
        Column(
            "confidentiality", read_choice(*Confidentiality.values), default=Confidentiality.MEMBERS.value
        ),
        _date("start_date", needed=True),
        _date("need_by", needed=True),
        Column("iterations", read_whole(1, 1000), write_number, default=2),
        _refers("deployment_city", "cities.csv", needed=False),
        _refers("scenario_type", SCENARIO_TYPES, needed=False),
        _positive("fleet_size"),
        _days("trial_days", least=1, needed=False),
        _json("site_requirements"),
        _POINTS,
        _yes_no("published", default=False),
    ),
    "demand_lines.csv": (
        _EXTERNAL_ID,
        _refers("demand", "demands.csv"),
        _refers("component_type", COMPONENT_TYPES),
        _positive("quantity", needed=True),
        _positive("monthly_rate", needed=True),
        _date("need_by"),
        _positive("target_unit_price"),
        _positive("ceiling_unit_price"),
        Column("certifications", read_codes, join_list, default=list),
        _json("requirements"),
        _POINTS,
    ),
}

# Which file a row of which model comes from is the importer's business; these files say what a row is called.
KEYS: Final[dict[str, tuple[str, ...]]] = {
    "cities.csv": ("code",),
    "travel_times.csv": ("origin", "destination"),
    "certifications.csv": ("code",),
    "alliances.csv": ("slug",),
    "memberships.csv": ("alliance", "city"),
    "organisations.csv": ("external_id",),
    "facilities.csv": ("external_id",),
    "capabilities.csv": ("external_id",),
    "sites.csv": ("external_id",),
    "site_windows.csv": ("site", "starts", "ends"),
    "demands.csv": ("external_id",),
    "demand_lines.csv": ("external_id",),
}

# Types come before what names them; the rest follows the order of COLUMNS.
ORDER: Final = (
    "cities.csv",
    "travel_times.csv",
    COMPONENT_TYPES,
    SCENARIO_TYPES,
    "certifications.csv",
    "alliances.csv",
    "memberships.csv",
    "organisations.csv",
    "facilities.csv",
    "capabilities.csv",
    "sites.csv",
    "site_windows.csv",
    "demands.csv",
    "demand_lines.csv",
)
