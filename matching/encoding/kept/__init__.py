"""What a worker process keeps in memory between runs of few demands, so that each reads these demands and little else.

Cities, trees and keys, all sites, and of each component type that somebody has asked for its offers, laid out for
the compiled loops. As for the snapshot (docs/decisions/0013), every change that could not be seen when it was read and
can be seen now is looked at: rows over what is kept are those over `encode` in the same transaction.
How: docs/decisions/0016-kept.md.
"""

from matching.encoding.kept.demands import Part, Ready, Wanted, over_kept, warm
from matching.encoding.kept.world import forget

__all__ = ["Part", "Ready", "Wanted", "forget", "over_kept", "warm"]
