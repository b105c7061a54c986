"""What is offered, outside PostgreSQL: columns in files that all worker processes of a machine map into memory.

`current()` gives the offers exactly as the running transaction sees them, or None where the database has to be read
(no folder, or a transaction that has written). How it stays true: docs/decisions/0013-snapshot.md.
"""

from matching.encoding.snapshot.keeping import Current, current, forget, is_there
from matching.encoding.snapshot.offers import Chosen, Offers

__all__ = ["Chosen", "Current", "Offers", "current", "forget", "is_there"]
