"""From database rows to what the kernel reads: one alliance's problem, frozen, with the ids behind its positions.

Only what can matter is read: published demands, capabilities of the types they ask for and in their reach,
spec values of keys that somebody asks about, cities where something lies.
"""

from matching.encoding.errors import EncodingError
from matching.encoding.freeze import Frozen, encode
from matching.encoding.identities import Identities
from matching.encoding.supply import (
    Supply,
    alliance_parts,
    encode_over,
    has_supply,
    knows_certificates,
    lay_out,
    open_supply,
    over,
    write_supply,
)

__all__ = [
    "EncodingError",
    "Frozen",
    "Identities",
    "Supply",
    "alliance_parts",
    "encode",
    "encode_over",
    "has_supply",
    "knows_certificates",
    "lay_out",
    "open_supply",
    "over",
    "write_supply",
]
