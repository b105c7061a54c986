"""The matcher reads the changes of all apps and queues runs of exactly the demands that they touch.

`following` reads the feed, `affected` says what a change is about, `supply` and `places` hold it against the lines and
site needs that could have to do with it, as it is now and as it was (`former`).
"""

from matching.services.changes.affected import Affected, affected_by
from matching.services.changes.following import follow_and_match, follow_changes

__all__ = ["Affected", "affected_by", "follow_and_match", "follow_changes"]
