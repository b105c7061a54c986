"""The committed bundles go in through the importer, and a second time change nothing."""

import pytest

from matching.services.bundle import import_region
from tests.data.files import REFERENCE, SAMPLE


@pytest.mark.django_db
def test_both_bundles_import_and_importing_them_again_changes_nothing() -> None:
    assert import_region(REFERENCE).changed
    assert import_region(SAMPLE).changed
    assert not import_region(REFERENCE).changed
    assert not import_region(SAMPLE).changed
