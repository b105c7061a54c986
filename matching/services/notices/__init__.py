"""Who hears of introductions, meetings, new matches, and of dates that pass."""

from matching.services.notices.dates import tell_of_dates
from matching.services.notices.introductions import answer, introduction, project
from matching.services.notices.matches import remember_matches, run
from matching.services.notices.meetings import action_item, meeting

__all__ = [
    "action_item",
    "answer",
    "introduction",
    "meeting",
    "project",
    "remember_matches",
    "run",
    "tell_of_dates",
]
