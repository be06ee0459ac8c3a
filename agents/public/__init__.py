"""What customers are told: sentences of a catalogue, filled from typed facts; a role chooses by id."""

from agents.public.catalogue import said, sentences
from agents.public.stand import PublicStand, stand_of
from agents.public.words import measured_stand, permitted, public_words, required

__all__ = [
    "PublicStand",
    "measured_stand",
    "permitted",
    "public_words",
    "required",
    "said",
    "sentences",
    "stand_of",
]
