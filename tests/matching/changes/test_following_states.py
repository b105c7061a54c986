"""What the follower of changes does with a state that the type tree does not know any more."""

from __future__ import annotations

import pytest

from alliance.models import Change
from companies.models import Capability, ComponentKey
from matching.models import DemandLine, LineRequirement
from matching.services.changes import affected_by
from tests.cast import World


def test_a_former_value_that_no_parameter_has_any_more_matches_everything(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Written before a change of the tree that this follower has not read yet: it must not stop here for ever."""
    offer, line = world.capabilities["supplier"], world.lines["open"]
    key = ComponentKey.objects.create(key="housing", kind="choice", choices=["steel", "brass"])
    LineRequirement.objects.create(
        line=DemandLine.objects.get(pk=line.pk), position=90, key=key, op="one_of", value=["steel"]
    )
    for value in ("brass", "steel"):  # brass is a former state now
        Capability.objects.filter(pk=offer.pk).update(specs=offer.specs | {"housing": [value]})
    change = Change(verb="changed", kind="capability", object_id=str(offer.public_id))
    assert not affected_by([change]).everything
    ComponentKey.objects.filter(pk=key.pk).update(choices=["steel"])
    assert affected_by([change]).everything
    assert "everything is matched" in caplog.text
