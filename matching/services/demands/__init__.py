"""Writing demands: the programme, its lines, its site need; publishing, closing, cloning; what it would find."""

from matching.services.demands.inputs import DemandInput, LineInput, NeedInput
from matching.services.demands.lines import remove_line, remove_need, save_line, save_need
from matching.services.demands.opportunities import OpportunityInput, write_opportunity
from matching.services.demands.preview import Found, preview_demand
from matching.services.demands.publishing import demand_named, publish_demand, withdraw_demand
from matching.services.demands.whole import write_demand
from matching.services.demands.writing import (
    archive_demand,
    clone_demand,
    close_demand,
    create_demand,
    reopen_demand,
    update_demand,
)

__all__ = [
    "DemandInput",
    "Found",
    "LineInput",
    "NeedInput",
    "OpportunityInput",
    "archive_demand",
    "clone_demand",
    "close_demand",
    "create_demand",
    "demand_named",
    "preview_demand",
    "publish_demand",
    "remove_line",
    "remove_need",
    "reopen_demand",
    "save_line",
    "save_need",
    "update_demand",
    "withdraw_demand",
    "write_demand",
    "write_opportunity",
]
