"""Sentence templates in hassil's syntax, written out as phrases that keep their slots.

``why are my {leg:part} (cramping|tight)`` becomes two phrases with ``{part}`` left in and a note
that ``part`` must be one of the list ``leg``. Written out here, and not by ``hassil.sample``,
because that fills the slots in and has no limit.
"""

from __future__ import annotations

import itertools
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from voiceskill.content.catalogue import Constraint

if TYPE_CHECKING:
    from hassil.expression import Expression

Picker = Callable[[list[str]], Sequence[str]]
"""Chooses which phrases to keep."""

MOST_PHRASES = 2000
"""One template may stand for at most this many phrases."""

FEW_PHRASES = 12
SHORT_WORDS = 3
"""Of up to so many phrases all are kept, and all of up to so many words: they are said as such."""

_SLOT = re.compile(r"\{([a-z0-9_]+)(?::([a-z0-9_]+))?\}")
_REFERENCE = re.compile(r"\{[^{}]*\}|<[^<>]*>")
_STRANGE = re.compile(r"[^a-z' ()\[\]|;]")
_GOOD_SLOT = re.compile(r"\{[a-z_]+\}|\{[a-z0-9_]+:[a-z_]+\}")


class TemplateError(ValueError):
    """A template cannot be used; ``hint`` says what to mend."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class Rules:
    """Named parts of templates, each written out once, on first use."""

    def __init__(self, bodies: Mapping[str, str]) -> None:
        self._bodies = bodies
        self._done: dict[str, list[str]] = {}
        self._open: list[str] = []

    def __contains__(self, name: str) -> bool:
        return name in self._bodies

    def expand(self, name: str) -> list[str]:
        """Return the phrases of rule ``name``; TemplateError when unknown or in a circle."""
        if name in self._done:
            return self._done[name]
        if name not in self._bodies:
            raise TemplateError(f"unknown rule <{name}>", _nearest(name, self._bodies, "rules"))
        if name in self._open:
            circle = " uses ".join(f"<{n}>" for n in [*self._open, name])
            raise TemplateError(f"rules in a circle: {circle}", "write one of them out")
        self._open.append(name)
        try:
            self._done[name] = _expand(_parsed(self._bodies[name]), self)
        finally:
            self._open.pop()
        return self._done[name]


def expand(template: str, rules: Rules, pick: Picker = list) -> list[str]:
    """Return the phrases of ``template`` in a fixed order, each once, with slots left in.

    ``pick`` chooses among the phrases of each alternative at the template's outermost level, such
    as ``thin``. Raises TemplateError for bad syntax, a character nobody can say, an unknown rule,
    or more than ``MOST_PHRASES`` phrases.
    """
    from hassil.expression import Alternative

    whole = _parsed(template)
    branches = whole.items if isinstance(whole, Alternative) else [whole]
    phrases: list[str] = []
    for branch in branches:
        texts = dict.fromkeys(" ".join(text.split()) for text in _expand(branch, rules))
        if "" in texts:
            raise TemplateError(
                f"the template '{template}' can be empty",
                "make at least one word of it not optional",
            )
        phrases += pick(list(texts))
    _limit(len(phrases))
    return list(dict.fromkeys(phrases))


def thin(phrases: Sequence[str]) -> list[str]:
    """Return enough of one template's phrases that every pair of neighbouring words is in one.

    A template with several choices stands for their product, which costs a search time and memory
    and teaches it nothing more. Few phrases are all kept, short ones and the first always; the
    rest is picked in the order of a checksum, so that the same template gives the same phrases
    everywhere.
    """
    if len(phrases) <= FEW_PHRASES:
        return list(phrases)
    kept: list[str] = []
    seen: set[tuple[str, str]] = set()
    always = [p for i, p in enumerate(phrases) if i == 0 or p.count(" ") < SHORT_WORDS]
    rest = sorted(phrases[1:], key=lambda text: zlib.crc32(text.encode()))
    for phrase in dict.fromkeys([*always, *rest]):
        pairs = set(itertools.pairwise(["", *phrase.split(), ""]))
        if not pairs <= seen or phrase.count(" ") < SHORT_WORDS:
            seen |= pairs
            kept.append(phrase)
    return kept


def constraints(
    phrase: str, lists: Mapping[str, Mapping[str, frozenset[str]]]
) -> tuple[str, tuple[Constraint, ...]]:
    """Return ``phrase`` with every ``{list:slot}`` as ``{slot}``, and what the lists demand.

    ``lists`` gives, for each slot, the value ids of each of its lists. Raises TemplateError for
    an unknown slot or list, or a slot used twice.
    """
    found: list[Constraint] = []
    seen: set[str] = set()
    for first, second in _SLOT.findall(phrase):
        slot = second or first
        if slot not in lists:
            raise TemplateError(f"unknown slot {{{slot}}}", _nearest(slot, lists, "slots"))
        if slot in seen:
            raise TemplateError(
                f"'{phrase}' uses {{{slot}}} twice", "write one of the two out in words"
            )
        seen.add(slot)
        if second:
            if first not in lists[slot]:
                raise TemplateError(
                    f"unknown list '{first}' of slot {{{slot}}}",
                    _nearest(first, lists[slot], f"lists of {{{slot}}}"),
                )
            found.append((slot, lists[slot][first]))
    return _SLOT.sub(lambda m: f"{{{m[2] or m[1]}}}", phrase), tuple(found)


def _nearest(name: str, known: Mapping[str, object], kind: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, known, 1)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"known {kind}: {', '.join(sorted(known)) or 'none'}"


def _parsed(template: str) -> Expression:
    # Importing hassil takes about 0.15 s, and a start with a filled cache never parses.
    from hassil.parse_expression import parse_sentence
    from hassil.parser import ParseError

    for reference in _REFERENCE.findall(template):
        if reference.startswith("{") and not _GOOD_SLOT.fullmatch(reference):
            raise TemplateError(
                f"'{reference}' is not a slot", "write {slot} or {list:slot} in small letters"
            )
    strange = _STRANGE.search(_REFERENCE.sub("", template))
    if strange:
        raise TemplateError(
            f"the template '{template}' has '{strange[0]}' in it",
            "write small letters only, numbers as words, and no punctuation but apostrophes; "
            "brackets go in pairs: [optional], (one|another), {slot}, <rule>",
        )
    try:
        return parse_sentence(template).expression
    except (ParseError, AssertionError) as error:
        raise TemplateError(
            f"the template '{template}' cannot be read",
            "see that every bracket is closed and none is empty",
        ) from error


def _expand(expression: Expression, rules: Rules) -> list[str]:
    from hassil import expression as h

    if isinstance(expression, h.TextChunk):
        return [expression.text]
    if isinstance(expression, h.RuleReference):
        return rules.expand(expression.rule_name)
    if isinstance(expression, h.ListReference):
        name, slot = expression.list_name, expression.slot_name
        return [f"{{{slot}}}" if name == slot else f"{{{name}:{slot}}}"]
    if isinstance(expression, h.Alternative):
        branches = [_expand(item, rules) for item in expression.items]
        _limit(sum(map(len, branches)))
        return list(itertools.chain.from_iterable(branches))
    if isinstance(expression, h.Permutation):
        orders = itertools.permutations([_expand(item, rules) for item in expression.items])
        return [text for order in orders for text in _joined(order)]
    if isinstance(expression, h.Group):
        return _joined([_expand(item, rules) for item in expression.items])
    raise TemplateError("a template has a part that is not understood", "write it more simply")


def _joined(parts: Sequence[list[str]]) -> list[str]:
    texts = [""]
    for part in parts:
        _limit(len(texts) * len(part))
        texts = [before + after for before in texts for after in part]
    return texts


def _limit(count: int) -> None:
    if count > MOST_PHRASES:
        raise TemplateError(
            f"one template stands for more than {MOST_PHRASES} phrases",
            "split it, or take out some [optional] parts: the matcher forgives small differences",
        )
