"""How long something has lasted, as people say it: "half an hour", "forty five minutes".

Pure; used by the safety stage, because a cramp of more than ten minutes needs advice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from voiceskill.content.red_flag_terms import BREAK
from voiceskill.text import UNKNOWN, number_words

_ONES = {number_words(value): value for value in range(20)}
_TENS = {number_words(value): value for value in range(20, 100, 10)}
_UNITS = {
    "minute": 1.0, "minutes": 1.0, "min": 1.0, "mins": 1.0, "minuets": 1.0,
    "hour": 60.0, "hours": 60.0, "hrs": 60.0, "hr": 60.0,
}  # fmt: skip
_VAGUE = {"couple": 2, "few": 3, "several": 4, "many": 5}
_ALONE = {"hours": 120.0, "hour": 60.0, "ages": 30.0}
"""Said without a number: "it's been hours", "hour and a half"."""
_NUMBERS = frozenset({*_ONES, *_TENS, *_VAGUE}) - {"one"}
_BETWEEN = frozenset({"of", "or", "more", "so", "a", "an", "the", "one", "whole", "good", UNKNOWN})
_MORE = frozenset({"over", "above", "past", "than", "plus"})
_NEARLY = 0.5
"""Minutes added for "over ten minutes", enough to pass a limit of ten."""


@dataclass(frozen=True, slots=True)
class Duration:
    """A time span named in an utterance."""

    start: int
    end: int
    """Positions of its first token and the one after its last."""
    minutes: float


def durations(tokens: Sequence[str]) -> list[Duration]:
    """Return every time span of minutes or hours named in ``tokens``, in order."""
    found = []
    position = 0
    while position < len(tokens):
        span = _span(tokens, position)
        if span is None:
            position += 1
            continue
        more = not _MORE.isdisjoint(tokens[max(0, position - 2) : position])
        found.append(Duration(position, span.end, span.minutes + (_NEARLY if more else 0.0)))
        position = span.end
    return found


def _span(tokens: Sequence[str], start: int) -> Duration | None:
    word = tokens[start]
    if word in ("half", "quarter", "quarters"):
        return _part_of_hour(tokens, start)
    count, after = _number(tokens, start)
    if count is None:
        if word not in _ALONE:
            return None
        half, end = _and_a_half(tokens, start + 1)
        return Duration(start, end, _ALONE[word] + half * 60)
    if after < len(tokens) and tokens[after] in ("half", "quarters", "quarter"):
        part = _part_of_hour(tokens, after)
        if part is not None:
            scale = count if tokens[after].startswith("quarter") else 1
            return Duration(start, part.end, part.minutes * scale)
    half, after = _and_a_half(tokens, after)
    after = _to_unit(tokens, after)
    if after < len(tokens) and tokens[after] in _UNITS:
        minutes = (count + half) * _UNITS[tokens[after]]
        if tokens[after].startswith("h") and not half:
            extra, end = _and_a_half(tokens, after + 1)
            return Duration(start, end, minutes + extra * 60)
        return Duration(start, after + 1, minutes)
    return None


def _part_of_hour(tokens: Sequence[str], start: int) -> Duration | None:
    """Match "half [an] hour", "half of one hour", "quarter of an hour"."""
    after = _to_unit(tokens, start + 1)
    if after < len(tokens) and tokens[after] in ("hour", "hours"):
        return Duration(start, after + 1, 30.0 if tokens[start] == "half" else 15.0)
    return None


def _and_a_half(tokens: Sequence[str], start: int) -> tuple[float, int]:
    if tuple(tokens[start : start + 3]) == ("and", "a", "half"):
        return 0.5, start + 3
    if tuple(tokens[start : start + 2]) == ("and", "half"):
        return 0.5, start + 2
    return 0.0, start


def _number(tokens: Sequence[str], start: int) -> tuple[int | None, int]:
    """Return the number spoken from ``start`` and the position after it; None for no number."""
    word = tokens[start]
    following = tokens[start + 1] if start + 1 < len(tokens) else ""
    if word in _TENS:
        if _ONES.get(following, 0) in range(1, 10):
            return _TENS[word] + _ONES[following], start + 2
        return _TENS[word], start + 1
    if word in _ONES:
        if following == "hundred":
            return _ONES[word] * 100, start + 2
        return _ONES[word], start + 1
    if word in ("a", "an"):
        after = _skip(tokens, start + 1, ("good", "whole", "full", "solid"))
        if after < len(tokens) and tokens[after] in _VAGUE:
            return _VAGUE[tokens[after]], after + 1
        if after < len(tokens) and tokens[after] in ("half", "quarter"):
            return 1, after
        return 1, after
    if word in _VAGUE:
        return _VAGUE[word], start + 1
    return None, start


def _to_unit(tokens: Sequence[str], start: int) -> int:
    """Return the position of the unit after a number, past "of an", "or so" and one other word."""
    skipped = 0
    for position in range(start, len(tokens)):
        word = tokens[position]
        if word in _UNITS or word in _NUMBERS or word == BREAK:
            return position
        skipped += word not in _BETWEEN
        if skipped > 1:
            break
    return start


def _skip(tokens: Sequence[str], start: int, words: tuple[str, ...]) -> int:
    while start < len(tokens) and tokens[start] in words:
        start += 1
    return start
