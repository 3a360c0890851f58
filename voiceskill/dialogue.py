"""Decides what to say: the order of danger, doubt, redirect, relief and everything else. Pure.

The state is frozen and the clock is an argument, so a conversation is a fold of ``respond`` over
what was heard. Nothing is kept that a new ``State()`` does not forget.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from voiceskill.content.catalogue import Catalogue
from voiceskill.content.schema import IntentEntry
from voiceskill.dialogue_follow import about, reason, specialised
from voiceskill.events import Match, NoMatch, RedFlag, Refusal, Reply, ReplyKind
from voiceskill.settings import Settings
from voiceskill.text import fold

CHECK_SECONDS = 12.0
"""How long a yes/no question waits; then silence counts as yes."""

LASTING_SLOTS = frozenset({"condition", "medicine"})
"""What stays true for the rest of a conversation, and calls for spoken safety notes."""

_NO = frozenset({"no", "nope", "nah", "neither", "none", "never", "not"})
_DENIALS = ("it is not", "it does not", "i am not", "i do not", "i have not", "they are not",
            "there is not", "it has not", "i can not")  # fmt: skip
_UNSURE = frozenset({"sure", "know", "think", "maybe", "perhaps", "possibly", "bit", "little",
                     "yes", "yeah", "but", "really", "certain"})  # fmt: skip
_NOT_HEARD = frozenset({Refusal.SILENCE, Refusal.UNKNOWN_WORDS, Refusal.LOW_CONFIDENCE})


@dataclass(frozen=True, slots=True)
class Danger:
    """A danger sign with everything that may have to be said about it, made by the session."""

    flag: RedFlag
    reply: Reply
    """The yes/no question when ``flag.doubt``, otherwise the warning."""
    confirmed: Reply | None = None
    """The warning, when the question is answered with yes, unclearly or not at all."""
    denied: Reply | None = None
    """What still has to be said when the answer is no."""
    heard: Match | NoMatch | None = None
    """What the same words ask apart from the sign; answered after a no."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A yes/no question that waits for its answer."""

    danger: Danger
    deadline_seconds: float
    """On the clock that ``respond`` is given."""


@dataclass(frozen=True, slots=True)
class State:
    """What a conversation remembers."""

    topic: str | None = None
    """The intent answered last."""
    slots: Mapping[str, str] = field(default_factory=dict)
    """What that question mentioned."""
    lasting: frozenset[tuple[str, str]] = frozenset()
    """Conditions and medicines mentioned since the conversation began."""
    last: Reply | None = None
    """The reply that "say that again" repeats."""
    told_more: bool = False
    """Whether "tell me more" has been used up for the topic."""
    offers: tuple[str, ...] = ()
    """Intents left for "what else?"."""
    refusals: int = 0
    """How many times in a row nothing was understood."""
    asked_which: bool = False
    """Whether a body part was named without saying what about it, and that was asked."""
    pending: Pending | None = None


Heard = Danger | Match | NoMatch


def respond(
    state: State, heard: Heard, now: float, catalogue: Catalogue, settings: Settings
) -> tuple[State, Reply]:
    """Return the next state and what to say to ``heard``. Raises nothing.

    ``now`` is in seconds on any clock that only goes forward. No setting changes an answer yet.
    """
    if isinstance(heard, Danger):
        return _danger(state, heard, now)
    if state.pending is not None:
        return _checked(state, heard, now, catalogue, settings)
    if isinstance(heard, NoMatch):
        return _refused(state, heard, catalogue)
    action = _ACTIONS.get(heard.intent)
    if action is not None:
        return action(state, heard, catalogue)
    return _answer(state, heard, catalogue)


def overdue(state: State, now: float) -> tuple[State, Reply] | None:
    """Return what to say when a yes/no question was met with silence too long; it counts as yes.

    None while there is no question or time is left.
    """
    if state.pending is None or now < state.pending.deadline_seconds:
        return None
    danger = state.pending.danger
    return _said(replace(state, pending=None, refusals=0), danger.confirmed or danger.reply)


def _said(state: State, reply: Reply) -> tuple[State, Reply]:
    return replace(state, last=reply), reply


def _danger(state: State, danger: Danger, now: float) -> tuple[State, Reply]:
    cleared = replace(state, pending=None, refusals=0, offers=(), topic=None, told_more=False)
    if not danger.flag.doubt:
        return _said(cleared, danger.reply)
    if state.pending is not None:  # a second unclear sign counts as yes
        return _said(cleared, danger.confirmed or danger.reply)
    waiting = replace(cleared, pending=Pending(danger, now + CHECK_SECONDS))
    return _said(waiting, danger.reply)


def _checked(
    state: State, heard: Match | NoMatch, now: float, catalogue: Catalogue, settings: Settings
) -> tuple[State, Reply]:
    """Take ``heard`` as the answer to the pending question; only a clear no is a no."""
    if state.pending is None:
        raise AssertionError("no question is pending")
    danger = state.pending.danger
    cleared = replace(state, pending=None, refusals=0)
    if isinstance(heard, Match) and heard.intent == REPEAT:
        waiting = replace(state.pending, deadline_seconds=now + CHECK_SECONDS)
        return _said(replace(state, pending=waiting), danger.reply)
    if not _is_no(heard):
        return _said(cleared, danger.confirmed or danger.reply)
    if danger.denied is not None:
        return _said(cleared, danger.denied)
    if isinstance(danger.heard, Match):
        return respond(cleared, danger.heard, now, catalogue, settings)
    return _said(cleared, Reply(ReplyKind.CONTROL, tuple(catalogue.wording.check_denied)))


def _is_no(heard: Match | NoMatch) -> bool:
    if isinstance(heard, NoMatch) and heard.reason in _NOT_HEARD:
        return False
    words = fold(heard.heard).split()
    if not words or _UNSURE & set(words):
        return False
    return words[0] in _NO or " ".join(words).startswith(_DENIALS)


def _refused(state: State, heard: NoMatch, catalogue: Catalogue) -> tuple[State, Reply]:
    wording = catalogue.wording
    if heard.reason is Refusal.NEGATIVE:
        redirect = catalogue.redirects.get(heard.redirect or "")
        if redirect is not None:
            reply = Reply(ReplyKind.REDIRECT, tuple(redirect.say))
        else:
            reply = Reply(ReplyKind.REFUSAL, tuple(wording.off_topic))
        return _said(replace(state, refusals=0), reply)
    sentences = wording.say_again if state.refusals == 0 else wording.choices
    reply = Reply(ReplyKind.REFUSAL, tuple(sentences))
    # A refusal is not worth repeating: "say that again" still means the last answer.
    return replace(state, refusals=state.refusals + 1), reply


def _answer(state: State, match: Match, catalogue: Catalogue) -> tuple[State, Reply]:
    if state.asked_which:
        slots = {**state.slots, **match.slots}
        match = replace(match, intent=specialised(match.intent, slots, catalogue), slots=slots)
    entry = catalogue.intents[match.intent]
    mentioned = {*match.slots.items(), *match.mentioned}
    lasting = state.lasting | {pair for pair in mentioned if pair[0] in LASTING_SLOTS}
    reply = _reply(entry, tuple(entry.say), frozenset(mentioned | lasting))
    following = State(
        topic=entry.id,
        slots=dict(match.slots),
        lasting=lasting,
        offers=tuple(intent for intent in entry.follow_on if intent != state.topic),
    )
    return _said(following, reply)


def _reply(
    entry: IntentEntry, sentences: tuple[str, ...], mentioned: frozenset[tuple[str, str]]
) -> Reply:
    notes = tuple(note.say for note in entry.notes if set(note.when.items()) <= mentioned)
    return Reply(
        ReplyKind.ANSWER,
        tuple(dict.fromkeys(sentences + notes)),
        intent=entry.id,
        sources=tuple(entry.sources),
        routine=entry.routine,
    )


def _topic_reply(
    state: State, catalogue: Catalogue, sentences: Callable[[IntentEntry], tuple[str, ...]]
) -> Reply | None:
    """Return a reply about the topic in hand, safety notes included; None without one."""
    if state.topic is None:
        return None
    entry = catalogue.intents[state.topic]
    said = sentences(entry)
    if not said:
        return None
    return _reply(entry, said, state.lasting | frozenset(state.slots.items()))


def _repeat(state: State, match: Match, catalogue: Catalogue) -> tuple[State, Reply]:
    if state.last is None:
        nothing = tuple(catalogue.wording.nothing_to_repeat)
        return state, Reply(ReplyKind.CONTROL, nothing, intent=match.intent)
    return replace(state, refusals=0), state.last


def _more(state: State, match: Match, catalogue: Catalogue) -> tuple[State, Reply]:
    reply = None
    if not state.told_more:
        reply = _topic_reply(state, catalogue, lambda entry: tuple(entry.more))
    if reply is None:
        return _else(state, match, catalogue)
    return _said(replace(state, told_more=True, refusals=0), reply)


def _shorter(state: State, match: Match, catalogue: Catalogue) -> tuple[State, Reply]:
    reply = _topic_reply(state, catalogue, lambda entry: tuple(entry.say[:1]))
    if reply is None:
        return _repeat(state, match, catalogue)
    return _said(replace(state, refusals=0), reply)


def _else(state: State, match: Match, catalogue: Catalogue) -> tuple[State, Reply]:
    """Answer the next of the intents that follow on from the topic."""
    for position, intent in enumerate(state.offers):
        if intent not in catalogue.intents:
            continue
        answered = replace(match, intent=intent, slots=state.slots)
        following, reply = _answer(state, answered, catalogue)
        return replace(following, offers=state.offers[position + 1 :] or following.offers), reply
    return _steer(state, match, catalogue)


def _why(state: State, match: Match, catalogue: Catalogue) -> tuple[State, Reply]:
    intent = reason(state.topic, state.slots, catalogue)
    if intent is None:
        return _steer(state, match, catalogue)
    return _answer(state, replace(match, intent=intent, slots=state.slots), catalogue)


def _about(state: State, match: Match, catalogue: Catalogue) -> tuple[State, Reply]:
    """Answer "what about my feet?" within the topic, or ask what about them."""
    intent = about(state.topic, match.slots, catalogue)
    if intent is not None:
        return _answer(replace(state, asked_which=False), replace(match, intent=intent), catalogue)
    _, reply = _steer(state, match, catalogue)
    asked = State(slots=dict(match.slots), lasting=state.lasting, asked_which=bool(match.slots))
    return _said(asked, reply)


def _steer(state: State, match: Match, catalogue: Catalogue) -> tuple[State, Reply]:
    """Say what the content says for a word that steers; it is nothing to repeat."""
    said = tuple(catalogue.intents[match.intent].say)
    return replace(state, refusals=0), Reply(ReplyKind.CONTROL, said, intent=match.intent)


def _again(state: State, match: Match, catalogue: Catalogue) -> tuple[State, Reply]:
    """Say the last reply once more after the session has changed how it sounds."""
    state, reply = _steer(state, match, catalogue)
    last = state.last.sentences if state.last else ()
    return state, replace(reply, sentences=reply.sentences + last)


def _silent(state: State, match: Match, catalogue: Catalogue) -> tuple[State, Reply]:
    """Say nothing: whoever says stop wants quiet."""
    return replace(state, refusals=0), Reply(ReplyKind.CONTROL, (), intent=match.intent)


REPEAT = "meta.repeat"
_Action = Callable[[State, Match, Catalogue], tuple[State, Reply]]
_ACTIONS: Mapping[str, _Action] = {
    REPEAT: _repeat,
    "meta.more": _more,
    "meta.else": _else,
    "meta.why": _why,
    "meta.about": _about,
    "meta.shorter": _shorter,
    "meta.stop": _silent,
    **dict.fromkeys(("meta.slower", "meta.faster", "meta.louder", "meta.quieter"), _again),
    **dict.fromkeys(("meta.next", "meta.back", "meta.pause", "meta.resume"), _steer),
    **dict.fromkeys(("meta.yes", "meta.no"), _steer),
}
"""Words that steer; a guided stretch that is going on takes some of them first."""
