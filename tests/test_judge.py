"""Danger is looked for before anything else, in every transcript."""

import itertools

import pytest

from voiceskill import paths
from voiceskill.content import load, read, red_flags
from voiceskill.content.red_flags import RedFlagTable
from voiceskill.dialogue import Danger, Heard
from voiceskill.events import (
    Alternative,
    Match,
    NoMatch,
    Refusal,
    ReplyKind,
    Transcript,
    Urgency,
)
from voiceskill.judge import Judge
from voiceskill.settings import Settings

QUESTION = "why are my legs cramping"
EMERGENCY = "there is a crushing pain in my chest"


@pytest.fixture(scope="module")
def table() -> RedFlagTable:
    return red_flags.load(read.language_folder(paths.bundled("intents")))


@pytest.fixture(scope="module")
def judge(table: RedFlagTable) -> Judge:
    return Judge(load.load(paths.bundled("intents")), table, Settings())


def typed(text: str) -> Transcript:
    return Transcript(text, typed=True)


def recorded(judge: Judge, *texts: str) -> Heard:
    """Judge a recording whose utterances, and every two of them together, are heard rightly."""
    pairs = [f"{first} {second}" for first, second in itertools.pairwise(texts)]
    judged, _ = judge.recording([_heard(text) for text in texts], [_heard(text) for text in pairs])
    return judged


def _heard(text: str) -> Transcript:
    return Transcript(text, (), (Alternative(text, 0.0),))


def test_a_question_is_matched(judge: Judge) -> None:
    judged = judge.one(typed(QUESTION))
    assert isinstance(judged, Match) and judged.intent == "why.legs"


def test_every_example_of_danger_is_found_before_it_is_matched(
    judge: Judge, table: RedFlagTable
) -> None:
    missed = [
        example
        for example in red_flags.example_sentences(table)
        if not isinstance(judge.one(typed(f"{QUESTION} and {example}")), Danger)
    ]
    assert missed == []


def test_danger_in_an_alternative_is_enough_to_ask(judge: Judge) -> None:
    texts = (QUESTION, "why are my legs swollen and i can't breathe", "why are my legs camping")
    alternatives = tuple(Alternative(text, -0.3 * n) for n, text in enumerate(texts))
    judged = judge.one(Transcript(QUESTION, (), alternatives))
    assert isinstance(judged, Danger)
    assert judged.flag.doubt and judged.reply.kind is ReplyKind.CHECK
    assert judged.confirmed is not None and judged.confirmed.kind is ReplyKind.RED_FLAG
    assert isinstance(judged.heard, Match), "a no to the question leads on to what was asked"


def test_a_recording_is_judged_by_its_most_urgent_sign_wherever_it_is(judge: Judge) -> None:
    judged = recorded(judge, QUESTION, "my calf snapped and i can't tiptoe", EMERGENCY)
    assert isinstance(judged, Danger) and judged.flag.urgency is Urgency.EMERGENCY


def test_a_sign_split_by_a_pause_is_found(judge: Judge) -> None:
    halves = ("i just can't", "breathe")
    assert not any(isinstance(judge.one(_heard(half)), Danger) for half in halves)
    assert isinstance(recorded(judge, *halves), Danger)


def test_the_first_question_that_can_be_answered_counts(judge: Judge) -> None:
    judged = recorded(judge, "hello there", QUESTION, "how do i stop cramp at night")
    assert isinstance(judged, Match) and judged.intent == "why.legs"


def test_a_question_split_by_a_pause_is_read_as_one(judge: Judge) -> None:
    judged = recorded(judge, "why are my", "legs cramping")
    assert isinstance(judged, Match) and judged.intent == "why.legs"


def test_a_recording_without_anything_to_answer_is_refused(judge: Judge) -> None:
    judged = recorded(judge, "the train to the city", "leaves at noon")
    assert isinstance(judged, NoMatch)


def test_a_recording_without_speech_is_silence(judge: Judge) -> None:
    assert judge.recording([], []) == (NoMatch(Refusal.SILENCE, ""), Transcript(""))


def test_the_transcript_that_decided_comes_along(judge: Judge) -> None:
    halves, whole = [_heard("why are my"), _heard("legs cramping")], _heard(QUESTION)
    assert judge.recording(halves, [whole])[1] is whole
    assert judge.recording([_heard("hello"), whole], [_heard("hello hello")])[1] is whole
