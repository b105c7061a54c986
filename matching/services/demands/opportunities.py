"""An operator's opportunity in one step: a demand for a robot that works at a site of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from math import ceil
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from alliance.choices import Confidentiality
from alliance.errors import DomainError
from alliance.models import Alliance, Organisation
from companies.models import ComponentType
from matching.models import Demand
from matching.services.demands.inputs import DemandInput, Errors, LineInput, amount, component_parameters
from matching.services.demands.lines import save_line
from matching.services.demands.writing import create_demand
from scenarios.models import PartCondition, Site

DAYS_A_MONTH = 30.4375


@dataclass
class OpportunityInput:
    """`quantity` and `ceiling_unit_price` as text; the site is the asker's own and fixes where the robots work."""

    robot: ComponentType
    quantity: Any
    start_date: date
    need_by: date
    site: Site
    alliance: Alliance
    title: str = ""
    ceiling_unit_price: Any = None
    confidentiality: str = Confidentiality.OPEN
    open_points: list[str] = field(default_factory=list)


def write_opportunity(owner: Organisation, given: OpportunityInput, *, user: Any) -> Demand:
    """A draft with one line. What the site asks of parts becomes hard requirements where robots have the parameter.

    Delivered to the site's city, so no other site is looked for.
    """
    if given.site.organisation_id != owner.pk:
        raise DomainError(_("Choose a site of your own."), field="site")
    errors = Errors()
    quantity = amount(errors, "quantity", given.quantity, needed=True)
    errors.refuse()
    months = max((given.need_by - given.start_date).days / DAYS_A_MONTH, 1)
    with transaction.atomic():
        demand = create_demand(owner, _programme(given, quantity or 0), user=user)
        line = LineInput(
            component_type=given.robot,
            quantity=quantity,
            monthly_rate=ceil((quantity or 0) / months),
            ceiling_unit_price=given.ceiling_unit_price,
            requirements=conditions_asked(given.site, given.robot),
        )
        save_line(demand, line, user=user)
    demand.refresh_from_db()
    return demand


def _programme(given: OpportunityInput, quantity: float) -> DemandInput:
    words = {"count": f"{quantity:g}", "robot": given.robot, "site": given.site.name}
    where = _("They work at our site %(site)s in %(city)s.") % {
        "site": given.site.name,
        "city": given.site.city,
    }
    return DemandInput(
        title=given.title.strip() or _("%(count)s × %(robot)s for %(site)s") % words,
        alliance=given.alliance,
        lab_city=given.site.city,
        start_date=given.start_date,
        need_by=given.need_by,
        confidentiality=given.confidentiality,
        iterations=1,
        deployment_city=given.site.city,
        open_points=[where, *given.open_points],
    )


def conditions_asked(site: Site, robot: ComponentType) -> list[dict[str, Any]]:
    """The site's conditions on parts that this robot has the parameter for."""
    known = component_parameters(robot)
    rows = PartCondition.objects.filter(site=site).select_related("key").order_by("position")
    return [{"key": row.key.key, "op": row.op, "value": row.value} for row in rows if row.key.key in known]
