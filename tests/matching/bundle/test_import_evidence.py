"""A bundle that changes a verified value turns it into a declared one, in its own transaction."""

import json
from pathlib import Path

import pytest
from django.utils import timezone

from companies.models import Capability, SpecEvidence
from matching.services.bundle import import_region
from tests import factories as make
from tests.matching.bundle.bundles import Bundle

pytestmark = pytest.mark.django_db


def test_an_import_ends_what_it_changed_and_nothing_else(tmp_path: Path) -> None:
    bundle = Bundle()
    import_region(bundle.write(tmp_path / "first"))
    row = Capability.objects.get(external_id="cap-1")
    person = make.make_person("official")
    SpecEvidence.objects.bulk_create(
        SpecEvidence(
            capability=row,
            key=key,
            value=row.specs[key],
            bureau=row.organisation,
            verified_by=person,
            verified_at=timezone.now(),
            basis="report",
        )
        for key in ("rated_torque", "operating_temp")
    )
    import_region(bundle.write(tmp_path / "same"))
    assert SpecEvidence.objects.filter(ended_at=None).count() == 2
    line = next(cells for cells in bundle.rows("capabilities.csv") if cells["external_id"] == "cap-1")
    line["specs"] = json.dumps({"rated_torque": 2, "operating_temp": [-20, 60], "ip_rating": ["IP54"]})
    Capability.objects.filter(pk=row.pk).update(
        published=False, archived_at=timezone.now(), missing=["volume_lead_days"]
    )
    import_region(bundle.write(tmp_path / "second"))
    assert [each.key for each in SpecEvidence.objects.filter(ended_at=None)] == ["operating_temp"]
    row.refresh_from_db()
    assert (row.published, row.archived_at, row.missing) == (True, None, [])
