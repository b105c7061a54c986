"""Where robots will work: application scenarios and the sites that try robots."""

from alliance.kinds import Kind, register
from scenarios.models.sites import PartCondition, Site, SiteWindow
from scenarios.models.types import ScenarioKey, ScenarioParameter, ScenarioType

__all__ = ["PartCondition", "ScenarioKey", "ScenarioParameter", "ScenarioType", "Site", "SiteWindow"]

register(
    Kind(
        "site",
        Site,
        "site",
        holders=lambda row: [row.organisation_id],
        cities=lambda row: [row.city_id],
        owner=lambda row: row.organisation_id,
        asked=True,
    )
)
