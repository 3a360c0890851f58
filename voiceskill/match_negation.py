"""Tells "my leg is not cramping" from "why can't I stop cramping".

A negation counts when it governs the complaint itself. It does not when the sentence asks
something, or when what is denied is relief: "it won't stop", "I can't sleep for cramp".
"""

from __future__ import annotations

from collections.abc import Sequence

from voiceskill.match_slots import Unit

_NEGATORS = frozenset({"not", "no", "never", "without", "neither", "nor", "none"})
_ASKING = frozenset(
    {"why", "how", "what", "which", "who", "where", "when", "should", "can", "could", "would",
     "is", "are", "does", "do", "did", "will", "any", "if", "whether"}
)  # fmt: skip
_ASKING_INSIDE = frozenset({"why", "how", "what", "which", "whether", "if", "prevent"})
_DENIED_RELIEF = frozenset(
    {"stop", "quit", "cease", "ease", "help", "let", "sleep", "stand", "walk", "move", "sure",
     "know", "understand", "believe", "bear", "take", "prevent", "straighten", "open", "reach",
     "put", "bend", "uncurl", "release", "relax", "shift", "budge", "end", "only", "just",
     "enough", "drink", "eat", "low", "rid", "idea", "longer", "more", "matter", "feel", "remember"}
)  # fmt: skip
_UNWANTED = frozenset({"want", "need", "require", "like", "bother"})
_BREAKS = frozenset({"but", "because", "so", "and", "although", "though", "that"})
_REACH = 5
"""Words between the negation and the complaint it denies, at most."""


def negated(words: Sequence[str], units: Sequence[Unit], complaint: str = "cramp") -> bool:
    """Return whether the speaker says that there is no cramp, or that no help is wanted.

    ``words`` are folded, ``units`` their reduction; ``complaint`` is the key that names the topic.
    """
    if not words or words[0] in _ASKING:
        return False
    for position, unit in enumerate(units):
        if unit.key not in _NEGATORS:
            continue
        if any(before.key in _ASKING_INSIDE for before in units[:position]):
            continue
        if _denies(units, position, complaint):
            return True
    return False


def _denies(units: Sequence[Unit], position: int, complaint: str) -> bool:
    following = units[position + 1 : position + 1 + _REACH]
    refuses = bool(following) and following[0].key in _UNWANTED
    wishes = bool(following) and following[0].key == "want"
    for unit in following:
        if unit.key == complaint:
            return not wishes  # "I don't want cramp tonight" asks how to prevent it
        if unit.key in _ASKING_INSIDE:
            return False
        if unit.key in _BREAKS or (unit.key in _DENIED_RELIEF and not refuses):
            return False
    return refuses
