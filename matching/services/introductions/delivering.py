"""What was delivered counts: the supplier's record grows, and with it the trust of later scores."""

from __future__ import annotations

from datetime import date

from django.db.models import F

from alliance.changes import record
from alliance.models import DeliveryRecord
from matching.models import Introduction


def due_date(introduction: Introduction) -> date:
    """By when the line, or the whole demand, is needed."""
    line = introduction.line
    return (line.need_by if line is not None and line.need_by else None) or introduction.demand.need_by


def count_delivery(introduction: Introduction, *, on_time: bool) -> None:
    """One delivery more in the supplier's record; the change re-matches whatever its trust touches."""
    supplier = introduction.supplier
    DeliveryRecord.objects.bulk_create([DeliveryRecord(organisation=supplier)], ignore_conflicts=True)
    row = DeliveryRecord.objects.filter(organisation=supplier)
    row.update(completed=F("completed") + 1, on_time=F("on_time") + int(on_time))
    completed, timely = row.values_list("completed", "on_time").get()
    before = {"deliveries_completed": completed - 1, "deliveries_on_time": timely - int(on_time)}
    after = {"deliveries_completed": completed, "deliveries_on_time": timely}
    record("delivered", "organisation", str(supplier.public_id), before=before, after=after)
