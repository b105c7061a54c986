"""Bringing two firms together and following their work: proposing, stepping, disclosing, delivering."""

from matching.services.introductions.milestones import set_milestone
from matching.services.introductions.moves import MOVES, Move, legal_moves, party_of
from matching.services.introductions.proposing import introduce, introduce_pipeline
from matching.services.introductions.stepping import Step, take_step

__all__ = [
    "MOVES",
    "Move",
    "Step",
    "introduce",
    "introduce_pipeline",
    "legal_moves",
    "party_of",
    "set_milestone",
    "take_step",
]
