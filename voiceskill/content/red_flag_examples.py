"""Writes out the examples of ``red_flags.toml``, which also teach the recogniser its words.

``my (leg|calf) is [very] swollen`` stands for four sentences. Brackets may be nested.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from math import gcd

_CLOSING = {"(": ")", "[": "]"}
_GOLDEN = 0.618
"""Steps of this share of a list visit it evenly, whatever number is taken."""


class ExampleError(ValueError):
    """The brackets of an example do not match; the message says where."""


def check(example: str) -> None:
    """Raise ExampleError when the brackets of an example do not match."""
    expected: list[str] = []
    for letter in example:
        if letter in _CLOSING:
            expected.append(_CLOSING[letter])
        elif letter in _CLOSING.values() and (not expected or letter != expected.pop()):
            raise ExampleError(f"'{example}' has a stray '{letter}'")
    if expected:
        raise ExampleError(f"'{example}' has no '{expected[-1]}' at its end")


def sentences(example: str) -> list[str]:
    """Return everything an example stands for. Raises ExampleError."""
    check(example)
    parts, _ = _choices(example, 0, "")
    return list(dict.fromkeys(" ".join(part.split()).replace(" '", "'") for part in parts))


def spread(lists: Sequence[Sequence[str]], most: int) -> list[str]:
    """Return at most ``most`` sentences: one of each list, then those with new word pairs first.

    Word pairs are what a language model learns from, so few sentences teach most of them.
    """
    turns = itertools.zip_longest(*(_evenly(sentences) for sentences in lists))
    ordered = list(dict.fromkeys(s for turn in turns for s in turn if s is not None))
    first = dict.fromkeys(next(_evenly(sentences)) for sentences in lists if sentences)
    seen = {pair for sentence in first for pair in _pairs(sentence)}
    taken = list(first)
    rest: list[str] = []
    for sentence in ordered:
        if sentence in first:
            continue
        new = not seen.issuperset(_pairs(sentence))
        (taken if new else rest).append(sentence)
        seen.update(_pairs(sentence))
    return [*taken, *rest][:most]


def _pairs(sentence: str) -> set[tuple[str, str]]:
    return set(itertools.pairwise(["", *sentence.lower().split(), ""]))


def _evenly(items: Sequence[str]) -> Iterator[str]:
    size = len(items)
    step = max(1, round(size * _GOLDEN))
    while gcd(step, size) != 1:
        step += 1
    return (items[number * step % size] for number in range(size))


def _choices(text: str, start: int, closing: str) -> tuple[list[str], int]:
    """Read alternatives up to ``closing``; return them and the position of ``closing``."""
    found: list[str] = []
    current = [""]
    position = start
    while position < len(text) and text[position] != closing:
        letter = text[position]
        if letter in _CLOSING:
            inner, end = _choices(text, position + 1, _CLOSING[letter])
            options = [*inner, ""] if letter == "[" else inner
            current = [left + right for left in current for right in options]
            position = end
        elif letter == "|" and closing:
            found += current
            current = [""]
        else:
            current = [left + letter for left in current]
        position += 1
    return found + current, position
