"""Writing application sites: what they are like, what parts must meet there, and when they are open."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.changes import record, same
from alliance.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from alliance.models import City, Organisation
from alliance.selectors import viewer_of
from companies.models import ComponentKey
from companies.services.inputs import parameter_of, ungrouped
from companies.specs import Parameter, SpecError, offered_value, parse_quantity
from companies.specs.requirements import requirement
from scenarios.models import PartCondition, ScenarioType, Site, SiteWindow
from scenarios.selectors import scenario_book

FLEET = Parameter("fleet_capacity", "", "number")
MOST_WINDOWS = 200
LONGEST = timedelta(days=3660)


@dataclass
class SiteInput:
    """`params`: key → text with any unit, choices, true or false; `conditions`: dicts with key, op, value.

    `point`: (latitude, longitude), or (None, None) for none; `windows`: (starts, ends). None leaves both as they are.
    """

    name: str
    city: City
    scenario_type: ScenarioType
    fleet_capacity: Any
    params: dict[str, Any] = field(default_factory=dict)
    conditions: list[dict[str, Any]] = field(default_factory=list)
    external_id: str = ""
    point: tuple[float | None, float | None] | None = None
    windows: list[tuple[date, date]] | None = None


def create_site(organisation: Organisation, given: SiteInput, *, user: Any) -> Site:
    """A draft of the operator's; published by a step of its own."""
    viewer = viewer_of(user)
    if organisation.pk not in viewer.firms:
        raise NotFoundError(_("There is no such firm among yours."))
    if organisation.pk not in viewer.editing:
        raise ForbiddenError(_("You may not change this firm's rows."))
    values, conditions = _read(given)
    with transaction.atomic():
        name = given.external_id or f"s-{uuid4().hex[:10]}"
        row = _insert(organisation, name, values)
        _set_conditions(row, conditions)
        _set_windows(row, given.windows)
        record("drafted", "site", str(row.public_id), after=_told(values, conditions))
    return row


def _insert(organisation: Organisation, name: str, values: dict[str, Any]) -> Site:
    try:
        with transaction.atomic():
            return Site.objects.create(organisation=organisation, external_id=name, published=False, **values)
    except IntegrityError as error:
        if "site_external_id" not in str(error):
            raise
        words = _("The firm has another site with this id.")
        raise DomainError(words, field="external_id") from None


def update_site(site: Site, given: SiteInput, *, user: Any, version: int) -> Site:
    """Replace what the site says; a published one is matched again. The same again records nothing.

    Nor is it written: the matcher takes what a change does not name for what it was, to the last digit.
    """
    may_edit(site, user)
    values, conditions = _read(given)
    with transaction.atomic():
        row = _held(site, version)
        before = _told({name: getattr(row, name) for name in values}, _conditions_of(row))
        before |= _windows_told(row, given.windows)
        after = _told(values, conditions) | _new_windows_told(given.windows)
        changed = [name for name in after if not same(after[name], before[name])]
        if not changed:
            return site
        new = {name: value for name, value in values.items() if name in changed}
        Site.objects.filter(pk=row.pk).update(**new, version=F("version") + 1, updated_at=Now())
        if "conditions" in changed:
            _set_conditions(site, conditions)
        if "windows" in changed:
            _set_windows(site, given.windows)
        record(
            "changed",
            "site",
            str(site.public_id),
            before={name: before[name] for name in changed},
            after={name: after[name] for name in changed},
        )
    site.refresh_from_db()
    return site


def _held(site: Site, version: int) -> Site:
    """The row as this version says it, held until the transaction ends; ConflictError when there is a later one."""
    rows = Site.objects.select_for_update(no_key=True, of=("self",)).select_related("city", "scenario_type")
    row: Site | None = rows.filter(pk=site.pk, version=version).first()
    if row is None:
        raise ConflictError(_("Somebody else has changed this site meanwhile."))
    return row


def differences(site: Site, given: SiteInput) -> set[str]:
    """What of `given` is otherwise than stored: names of fields, `params.<key>` for each parameter."""
    values, conditions = _read(given)
    stored = _told({name: getattr(site, name) for name in values}, _conditions_of(site))
    told = _told(values, conditions)
    mine, theirs = told.pop("params"), stored.pop("params")
    keys = {key for key in mine.keys() | theirs.keys() if not same(mine.get(key), theirs.get(key))}
    return {name for name in told if not same(told[name], stored[name])} | {f"params.{key}" for key in keys}


def may_edit(site: Site, user: Any) -> None:
    mine = Site.objects.filter(pk=site.pk)
    if not mine.visible_to(user).exists():
        raise NotFoundError(_("There is no such site."))
    if not mine.editable_by(user).exists():
        raise ForbiddenError(_("You may not change this site."))


def _read(given: SiteInput) -> tuple[dict[str, Any], list[Any]]:
    """Everything that is wrong is said at once, by field (`params.<key>`, `conditions.<n>`)."""
    errors: dict[str, list[str]] = {}
    if not given.name.strip():
        errors["name"] = [_("Give it a name.")]
    fleet = _fleet(given.fleet_capacity, errors)
    params = _params(given, errors)
    conditions = _conditions(given.conditions, errors)
    _check_place(given, errors)
    if errors:
        first = next(iter(errors))
        raise DomainError(errors[first][0], field=first, errors=errors)
    values = {
        "name": given.name.strip()[:300],
        "city": given.city,
        "scenario_type": given.scenario_type,
        "fleet_capacity": fleet,
        "params": params,
    }
    if given.point is not None:
        values["latitude"], values["longitude"] = given.point
    return values, conditions


def _check_place(given: SiteInput, errors: dict[str, list[str]]) -> None:
    """The point and the windows, where they are given."""
    latitude, longitude = given.point or (None, None)
    if (latitude is None) != (longitude is None):
        errors["latitude"] = [_("Give latitude and longitude, or neither.")]
    for name, value, most in (("latitude", latitude, 90), ("longitude", longitude, 180)):
        if value is not None and abs(value) > most:
            errors[name] = [_("The number must be at most %(bound)s.") % {"bound": most}]
    if len(given.windows or ()) > MOST_WINDOWS:
        errors["windows"] = [_("At most %(count)d windows.") % {"count": MOST_WINDOWS}]
    for place, (starts, ends) in enumerate(given.windows or ()):
        if words := _bad_window(starts, ends):
            errors[f"windows.{place}"] = [words]
    for (before, until), (starts, _ends) in pairwise(sorted(given.windows or ())):
        if starts <= until:
            errors["windows"] = [_taken(before, until)]


def _taken(starts: date, ends: date) -> str:
    return _("The site is open from %(starts)s to %(ends)s already: choose days outside that window.") % {
        "starts": starts.isoformat(),
        "ends": ends.isoformat(),
    }


def _bad_window(starts: date, ends: date) -> str:
    if ends < starts:
        return _("The window ends before it starts.")
    if ends - starts > LONGEST:
        return _("A window is at most ten years long.")
    return ""


def _fleet(raw: Any, errors: dict[str, list[str]]) -> float:
    try:
        value = float(parse_quantity(FLEET, ungrouped(raw)) if isinstance(raw, str) else raw)
    except (SpecError, TypeError, ValueError) as error:
        errors["fleet_capacity"] = [getattr(error, "message", "") or _("This is not a number.")]
        return 0
    if not 0 < value <= 1e9:
        errors["fleet_capacity"] = [_("The number must be above %(bound)s.") % {"bound": 0}]
    return value


def _params(given: SiteInput, errors: dict[str, list[str]]) -> dict[str, Any]:
    known = {k: parameter_of(row.key) for k, row in scenario_book().of(given.scenario_type.pk).items()}
    found: dict[str, Any] = {}
    for key, raw in given.params.items():
        if raw in (None, "", []):
            continue
        try:
            if key not in known:
                raise SpecError(key, _("This type has no parameter “%(key)s”.") % {"key": key[:60]})
            value = offered_value(known[key], ungrouped(raw))
        except SpecError as error:
            errors[f"params.{key}"] = [error.message]
            continue
        if value is not None:
            found[key] = value
    return dict(sorted(found.items()))


def _conditions(raw: list[dict[str, Any]], errors: dict[str, list[str]]) -> list[Any]:
    known = {row.key: parameter_of(row) for row in ComponentKey.objects.all()}
    found, keys = [], set()
    for place, item in enumerate(raw):
        try:
            read = requirement(known, item)
        except SpecError as error:
            errors[f"conditions.{place}"] = [error.message]
            continue
        if read["key"] in keys:
            errors[f"conditions.{place}"] = [_("This parameter has a condition already.")]
        keys.add(read["key"])
        found.append(read)
    return found


def _set_conditions(site: Site, conditions: list[Any]) -> None:
    PartCondition.objects.filter(site=site).delete()
    keys = ComponentKey.objects.in_bulk([item["key"] for item in conditions], field_name="key")
    PartCondition.objects.bulk_create(
        PartCondition(site=site, position=place, key=keys[item["key"]], op=item["op"], value=item["value"])
        for place, item in enumerate(conditions)
    )


def _conditions_of(site: Site) -> list[Any]:
    rows = PartCondition.objects.filter(site=site).select_related("key").order_by("position")
    return [{"key": row.key.key, "op": row.op, "value": row.value} for row in rows]


def _set_windows(site: Site, windows: list[tuple[date, date]] | None) -> None:
    if windows is not None:
        SiteWindow.objects.filter(site=site).delete()
        SiteWindow.objects.bulk_create(SiteWindow(site=site, starts=s, ends=e) for s, e in sorted(windows))


def _windows_told(site: Site, windows: list[tuple[date, date]] | None) -> dict[str, Any]:
    """All windows as they are, where they are replaced as a whole."""
    if windows is None:
        return {}
    rows = SiteWindow.objects.filter(site=site).order_by("starts", "ends").values_list("starts", "ends")
    return {"windows": [f"{starts.isoformat()}/{ends.isoformat()}" for starts, ends in rows]}


def _new_windows_told(windows: list[tuple[date, date]] | None) -> dict[str, Any]:
    return {} if windows is None else {"windows": [_span(*window) for window in sorted(windows)]}


def _told(values: dict[str, Any], conditions: list[Any]) -> dict[str, Any]:
    """What the history says of a site, its conditions too; the page puts them into the reader's words."""
    asked = [{name: item[name] for name in ("key", "op", "value")} for item in conditions]
    return {**_codes(values), "conditions": asked}


def _codes(values: dict[str, Any]) -> dict[str, Any]:
    codes = {"city": values["city"].code, "scenario_type": values["scenario_type"].code}
    return {name: value for name, value in values.items() if name not in codes} | codes


# --- windows ---------------------------------------------------------------------------------------------------
def add_window(site: Site, starts: date, ends: date, *, user: Any, version: int | None = None) -> SiteWindow:
    """Days on which the site is open, both included; windows are never merged and never overlap."""
    may_edit(site, user)
    if words := _bad_window(starts, ends):
        raise DomainError(words, field="ends")
    with transaction.atomic():
        _step(site, version)
        if site.windows.count() >= MOST_WINDOWS:
            raise DomainError(_("At most %(count)d windows.") % {"count": MOST_WINDOWS}, field="starts")
        other = site.windows.filter(starts__lte=ends, ends__gte=starts).first()
        if other is not None:
            raise ConflictError(_taken(other.starts, other.ends), field="starts")
        row = SiteWindow.objects.create(site=site, starts=starts, ends=ends)
        record("changed", "site", str(site.public_id), after={"window": _span(starts, ends)})
    return row


def remove_window(site: Site, starts: date, ends: date, *, user: Any, version: int | None = None) -> None:
    may_edit(site, user)
    with transaction.atomic():
        _step(site, version)
        row = SiteWindow.objects.filter(site=site, starts=starts, ends=ends).first()
        if row is None:
            raise NotFoundError(_("There is no such window."))
        row.delete()
        record("changed", "site", str(site.public_id), before={"window": _span(starts, ends)})


def book_days(
    site: Site, starts: date, ends: date, *, user: Any, version: int | None = None, note: str = ""
) -> list[SiteWindow]:
    """Somebody has booked these days: the window around them is shortened, or split in two. What is left of it."""
    may_edit(site, user)
    if ends < starts:
        raise DomainError(_("The booking ends before it starts."), field="ends")
    with transaction.atomic():
        _step(site, version)
        row = site.windows.filter(starts__lte=starts, ends__gte=ends).first()
        if row is None:
            raise ConflictError(
                _("The site is not open on all of these days: a booking lies within one window."),
                field="starts",
            )
        day = timedelta(days=1)
        left = [(row.starts, starts - day), (ends + day, row.ends)]
        before = {"window": _span(row.starts, row.ends)}
        row.delete()
        made = [SiteWindow.objects.create(site=site, starts=a, ends=b) for a, b in left if a <= b]
        told = {"booked": _span(starts, ends), "windows": [_span(w.starts, w.ends) for w in made]}
        after = told | ({"note": note.strip()[:300]} if note.strip() else {})
        record("changed", "site", str(site.public_id), before=before, after=after)
    return made


def _span(starts: date, ends: date) -> str:
    return f"{starts.isoformat()}/{ends.isoformat()}"


def _step(site: Site, version: int | None) -> None:
    """Before anything else: it holds the site's row, so that two people's windows are looked at in turn."""
    rows = Site.objects.filter(pk=site.pk)
    if version is not None:
        rows = rows.filter(version=version)
    if not rows.update(version=F("version") + 1, updated_at=Now()):
        raise ConflictError(_("Somebody else has changed this site meanwhile."))


# --- its life ----------------------------------------------------------------------------------------------------
def publish_site(site: Site, *, user: Any, version: int | None = None) -> None:
    """Show it and let it be matched; a firm that is not verified yet keeps drafts."""
    may_edit(site, user)
    if not site.organisation.listed or site.organisation.suspended:
        raise ConflictError(
            _("The bureau of your city verifies the firm first; until then everything stays a draft.")
        )
    _switch(site, version, "published", {"published": False}, {"published": True, "archived_at": None})


def withdraw_site(site: Site, *, user: Any, version: int | None = None) -> None:
    may_edit(site, user)
    _switch(site, version, "withdrawn", {"published": True}, {"published": False})


def archive_site(site: Site, *, user: Any, version: int | None = None) -> None:
    """Out of lists and matching, with everything that hangs on it."""
    may_edit(site, user)
    _switch(
        site, version, "archived", {"archived_at": None}, {"published": False, "archived_at": timezone.now()}
    )


def restore_site(site: Site, *, user: Any, version: int | None = None) -> None:
    may_edit(site, user)
    _switch(site, version, "restored", {"archived_at__isnull": False}, {"archived_at": None})


def _switch(
    site: Site, version: int | None, verb: str, only: dict[str, Any], changes: dict[str, Any]
) -> None:
    with transaction.atomic():
        rows = Site.objects.filter(pk=site.pk, **only)
        if version is not None:
            rows = rows.filter(version=version)
        if not rows.update(**changes, version=F("version") + 1, updated_at=Now()):
            raise ConflictError(_("Somebody else has changed this site meanwhile."))
        after = {"published": changes.get("published", False)}
        record(verb, "site", str(site.public_id), before={"published": site.published}, after=after)


def site_named(user: Any, public_id: UUID) -> Site:
    """A site that this person writes."""
    row = Site.objects.editable_by(user).select_related("organisation", "city", "scenario_type")
    found = row.filter(public_id=public_id).first()
    if found is None:
        raise NotFoundError(_("There is no such site."))
    return found
