"""Picovoice Rhino's grammar syntax, as far as the barista benchmark uses it."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from voiceskill.text import normalise

_TOKEN = re.compile(r"\[([^\]]*)\]|\(([^)]*)\)|\$(\w+):(\w+)|([^\s\[\]()$]+)")


@dataclass(frozen=True, slots=True)
class Grammar:
    """Expressions and slots of one Rhino context."""

    expressions: tuple[str, ...]
    slots: Mapping[str, tuple[str, ...]]
    """Slot name to its phrases, normalised."""

    def sample(self, count: int, seed: int) -> list[str]:
        """Return ``count`` normalised sentences, every expression equally likely."""
        rng = random.Random(seed)
        return [normalise(self._one(rng.choice(self.expressions), rng)) for _ in range(count)]

    def _one(self, expression: str, rng: random.Random) -> str:
        """Expand ``[a, b]`` (one of), ``(a, b)`` (one of or none) and ``$type:name`` (a slot)."""
        words: list[str] = []
        for one_of, optional, slot, _, word in _TOKEN.findall(expression):
            if slot:
                words.append(rng.choice(self.slots[slot]))
            elif one_of:
                words.append(rng.choice(one_of.split(",")))
            elif optional:
                words.append(rng.choice([*optional.split(","), ""]))
            else:
                words.append(word)
        return " ".join(words)

    def spot(self, text: str) -> dict[str, str] | None:
        """Return the slots in a transcript, or None when one slot has two values.

        Left to right, the longest phrase first: "medium roast" is a roast and not also a size.
        """
        phrases = {tuple(p.split()): name for name, many in self.slots.items() for p in many}
        longest = max(map(len, phrases))
        words, found, at = text.split(), {}, 0
        while at < len(words):
            for length in range(min(longest, len(words) - at), 0, -1):
                phrase = tuple(words[at : at + length])
                if phrase in phrases:
                    name, value = phrases[phrase], " ".join(phrase)
                    if found.setdefault(name, value) != value:
                        return None
                    at += length
                    break
            else:
                at += 1
        return found


def read_grammar(file: Path) -> Grammar:
    """Read a Rhino context with one intent."""
    context = yaml.safe_load(file.read_text(encoding="utf-8"))["context"]
    ((_, expressions),) = context["expressions"].items()
    slots = {name: tuple(map(normalise, many)) for name, many in context["slots"].items()}
    return Grammar(tuple(expressions), slots)
