"""The cast itself: what other tests rely on is really there."""

from alliance.models import ApiToken, Membership
from matching.models import Match
from tests.cast import MEMBERS, World


def test_everybody_has_the_part_that_the_table_gives(world: World) -> None:
    assert Membership.objects.count() == len(MEMBERS) + 1
    assert world.person("platform_admin").is_superuser
    assert not world.person("suspended").is_active


def test_tokens_and_results_exist(world: World) -> None:
    assert ApiToken.objects.count() == len(world.tokens)
    assert Match.objects.current().filter(demand_id=world.demands["open"].pk).count() == 2
