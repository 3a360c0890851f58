"""Which words of an utterance are denied, in doubt, past or only asked about.

Pure. The rules lean towards danger: a word counts as denied only when a negation governs it
directly ("no chest pain", "it isn't swollen or hot"). Further away, or under "I don't think" and
"what if", it is in doubt, which means one question is asked. A clause begins at a subject ("my",
"it", "I"), so a denial in one clause never reaches the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from voiceskill.content.red_flag_terms import BREAK
from voiceskill.safety_clauses import (
    CANNOT,
    NEGATORS,
    OWNERS,
    PAST_TIMES,
    SUBJECTS,
    WHETHER,
    Clause,
    clauses_of,
    word_set,
)
from voiceskill.text import UNKNOWN


class Standing(IntEnum):
    """How far a word can be believed; the larger wins."""

    SAID = 0
    DOUBTED = 1
    DENIED = 2


FREE = word_set(
    "a an the this that these those of in on at to up is am are be been being was were it me and "
    "or so very really quite just ever all too bit little um uh er erm oh ah please dear love now "
    "then got get gets have has had do does did of with for from my his her your our their its i "
    "he she we they you like some any gone going right well ok okay actually also even seem seems "
    "feeling feels feel felt rather awful awfully terribly bloody flipping absolutely completely "
    "totally literally proper properly still again mate doctor there here both lot much more can "
    "as by into will would could should which kind sort thing ow help god hello hey sorry"
) | {UNKNOWN}  # fmt: skip
"""Words that may stand between the words of a phrase without making it another phrase."""

_SEEING = word_set("see notice find detect spot")
_HEDGED = word_set("hardly barely scarcely")
_BELIEVING = word_set("think believe reckon suppose know sure certain")
_MODIFIERS = word_set(
    "bad severe terrible sudden new real sharp big obvious visible serious signs sign symptoms "
    "such noticeable actual major extra particular history experienced experiencing noticed "
    "noticing seen seeing having getting real trouble difficulty problem problems particularly "
    "especially longer anymore"
)
_LINKS = word_set("or nor and")
_ENDINGS = word_set(
    "stop stopping help helping ease easing go going work working let letting shift move moving "
    "sleep know understand improve get getting well good right better ok okay great fine believe "
    "bear stand take cope manage wait breathe like only just sure think"
)
"""After a negation these complete it ("it doesn't help", "not well"): what follows is untouched."""
_WORSE_THAN_EVER = (
    ("like", "this"), ("like", "it"), ("like", "that"), ("this", "bad"), ("so", "bad"),
    ("as", "bad"),
)  # fmt: skip
_NEVER_BEFORE = (("so",), ("such",), ("worse",), ("known",))
_NEVER = word_set("never haven't hasn't hadn't")
_PAST = (
    *PAST_TIMES, ("when", "i", "was"), ("when", "he", "was"), ("when", "she", "was"),
    ("used", "to"), ("history", "of"), ("previously",), ("nothing", "came", "of"),
    ("was", "nothing"),
)  # fmt: skip
_PAST_PERHAPS = (("once",), ("one", "time"))
_WHEN_WAS = {("when", who, "was") for who in ("i", "he", "she")}
_PRESENT = word_set(
    "is am are has can't isn't don't won't now still keeps hurts feels today tonight yesterday "
    "morning"
)
_ASKED = (
    ("what", "is"), ("what", "are"), ("what", "does"), ("what", "causes"), ("signs", "of"),
    ("symptoms", "of"), ("should", "i", "worry"), ("is", "it", "normal"), ("tell", "me", "about"),
    ("difference", "between"), ("should", "i", "call"), ("avoid",), ("prevent",), ("prevents",),
)  # fmt: skip
"""Openings of questions about something in general."""
_COMPLAINTS = (("wrong",), ("happening",), ("the", "matter"), ("the", "point"), ("going", "on"))
"""After "what is": "what is wrong, my chest hurts" asks about nothing in general."""
_ASKING = word_set("can could does do will would might")
_LEADING_TO = word_set(
    "cause causes causing make makes mean means give gives lead leads bring trigger"
)
_ASKED_MODIFIERS = word_set("you people somebody someone feel feels about when if cramp cramps to")


_NOWHERE = -1
"""Position of a denial that no token says, such as the shape of a question."""


@dataclass(frozen=True, slots=True)
class Denial:
    """One negation: which token says it and what it does to which tokens."""

    position: int
    """Token that says it; as part of the evidence ("can't feel") it denies nothing."""
    effect: dict[int, Standing]


@dataclass(frozen=True, slots=True)
class Scope:
    """Everything known about the standing of an utterance's tokens."""

    clauses: tuple[Clause, ...]
    denials: tuple[Denial, ...]
    framed: dict[int, Standing]
    """Tokens in a clause that is past, asked about in general, or supposed."""

    def standing(self, evidence: frozenset[int]) -> Standing:
        """Return the standing of these tokens; a negation among them says, it does not deny."""
        worst = max((self.framed.get(i, Standing.SAID) for i in evidence), default=Standing.SAID)
        for denial in self.denials:
            if denial.position not in evidence:
                effects = (denial.effect.get(i, Standing.SAID) for i in evidence)
                worst = max(worst, *effects)
        return worst

    def near(self, evidence: frozenset[int]) -> set[int]:
        """Return the tokens of every clause that holds one of these tokens."""
        return {
            position
            for clause in self.clauses
            if any(clause.start <= i < clause.end for i in evidence)
            for position in range(clause.start, clause.end)
        }


def scope(tokens: Sequence[str], symptoms: frozenset[int] = frozenset()) -> Scope:
    """Work out the clauses of an utterance and what is denied, doubted, past or only asked.

    ``symptoms`` are positions of negations that deny nothing, such as that of "no feeling".
    """
    clauses = clauses_of(tokens)
    denials = []
    framed: dict[int, Standing] = {}
    for number, clause in enumerate(clauses):
        following = clauses[number + 1] if number + 1 < len(clauses) else None
        for position in range(clause.start, clause.end):
            denial = _denial(tokens, position, clause, following)
            if denial is not None and position not in symptoms:
                denials.append(denial)
        asked = _asked(tokens, clause)
        if asked is not None:
            denials.append(asked)
        standing = _frame(tokens, clause, following)
        if standing is not Standing.SAID:
            framed.update(dict.fromkeys(range(clause.start, clause.end), standing))
    return Scope(clauses, tuple(denials), framed)


def _denial(
    tokens: Sequence[str], position: int, clause: Clause, following: Clause | None
) -> Denial | None:
    word = tokens[position]
    after = tokens[position + 1] if position + 1 < len(tokens) else ""
    if word in _HEDGED or (word in WHETHER and position > 0 and tokens[position - 1] == "what"):
        return Denial(position, dict.fromkeys(range(position + 1, clause.end), Standing.DOUBTED))
    if word in WHETHER and after in (SUBJECTS | OWNERS | {"a", "the"}):
        return Denial(position, dict.fromkeys(range(position + 1, clause.end), Standing.DOUBTED))
    if word in CANNOT:
        if after not in _SEEING:
            return None
    elif word not in NEGATORS or _is_interjection(tokens, position, clause):
        return None
    if after in _BELIEVING:
        return _doubted_belief(tokens, position, clause, following)
    return Denial(position, _governed(tokens, position, clause))


def _is_interjection(tokens: Sequence[str], position: int, clause: Clause) -> bool:
    """Return whether a negator denies nothing: "oh no", "no no", "not only", "no I can't"."""
    word = tokens[position]
    after = tokens[position + 1] if position + 1 < clause.end else BREAK
    if word == "no":
        before = tokens[position - 1] if position else ""
        return (
            before == "oh" or after in (BREAK, "no", "stop", "wait") or after in (NEGATORS | CANNOT)
        )
    choice = word == "not" and position > 0 and tokens[position - 1] == "or"
    return choice or after in ("only", "just", BREAK)


def _doubted_belief(
    tokens: Sequence[str], position: int, clause: Clause, following: Clause | None
) -> Denial | None:
    """Handle "I don't think it's swollen" and "not sure if"; "I don't know why" denies nothing."""
    end = clause.end
    after = tokens[position + 2] if position + 2 < len(tokens) else ""
    knowing = tokens[position + 1] in ("know", "sure", "certain")
    if knowing and after not in WHETHER:
        return None
    if following is not None and end - position <= 3 and tokens[following.start] != BREAK:
        end = following.end
    return Denial(position, dict.fromkeys(range(position + 1, end), Standing.DOUBTED))


def _governed(tokens: Sequence[str], position: int, clause: Clause) -> dict[int, Standing]:
    """Return what a negation denies (its head, and heads joined by "or") and what it may deny."""
    rest = tuple(tokens[position + 1 : clause.end])
    compared = (*_WORSE_THAN_EVER, *(_NEVER_BEFORE if tokens[position] in _NEVER else ()))
    if any(_holds(rest, phrase) for phrase in compared):
        return {}
    effect: dict[int, Standing] = {}
    content = 0
    doubted = False
    for index, word in enumerate(rest, start=position + 1):
        if word in _ENDINGS and content == 0 and word not in ("getting", "going"):
            return effect
        if word in NEGATORS:
            break
        if word == "before":
            return dict.fromkeys(effect, Standing.DOUBTED)
        if word in _LINKS:
            content = 0
            doubted = doubted or word == "and"
        elif word not in FREE and word not in _MODIFIERS and word not in _SEEING:
            content += 1
            if content > 4:
                break
            sure = content == 1 and not doubted
            effect[index] = Standing.DENIED if sure else Standing.DOUBTED
    return effect


def _holds(words: tuple[str, ...], phrase: tuple[str, ...]) -> bool:
    size = len(phrase)
    return any(words[i : i + size] == phrase for i in range(len(words) - size + 1))


def _frame(tokens: Sequence[str], clause: Clause, following: Clause | None) -> Standing:
    """Return the standing of a clause that tells of the past."""
    words = tuple(tokens[clause.start : clause.end])
    if not _PRESENT.intersection(words):
        if any(_holds(words, marker) for marker in _PAST):
            return Standing.DENIED
        if any(_holds(words, marker) for marker in _PAST_PERHAPS):
            then = () if following is None else tokens[following.start : following.start + 3]
            return Standing.DENIED if tuple(then) in _WHEN_WAS else Standing.DOUBTED
    return Standing.SAID


def _asked(tokens: Sequence[str], clause: Clause) -> Denial | None:
    """Find a question about danger signs in general, such as "what causes chest pain"."""
    words = tuple(tokens[clause.start : clause.end])
    after = None
    for frame in _ASKED:
        for index in range(len(words) - len(frame) + 1):
            if words[index : index + len(frame)] == frame:
                after = max(after or 0, index + len(frame))
    if after is not None and any(_holds(words[after : after + 2], p) for p in _COMPLAINTS):
        return None
    if after is None and words[0] in _ASKING:
        after = next((i + 1 for i, word in enumerate(words) if word in _LEADING_TO), None)
    if after is None:
        return None
    effect: dict[int, Standing] = {}
    for index, word in enumerate(words[after:], start=clause.start + after):
        if word not in FREE and word not in _MODIFIERS and word not in _ASKED_MODIFIERS:
            effect[index] = Standing.DOUBTED if effect else Standing.DENIED
        if len(effect) == 4:
            break
    return Denial(_NOWHERE, effect)
