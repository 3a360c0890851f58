from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.small_catalogue import catalogue
from voiceskill.dialogue import CHECK_SECONDS, Danger, Heard, State, overdue, respond
from voiceskill.events import (
    Match,
    NoMatch,
    RedFlag,
    Refusal,
    Reply,
    ReplyKind,
    Transcript,
    Urgency,
)
from voiceskill.match import Matcher
from voiceskill.settings import Settings

CATALOGUE = catalogue()
MATCHER = Matcher(CATALOGUE)
SETTINGS = Settings()

WARNING = Reply(ReplyKind.RED_FLAG, ("Call for help now.",), red_flag="F1")
QUESTION = Reply(ReplyKind.CHECK, ("Is your chest tight?",), red_flag="F1")
LESSER = Reply(ReplyKind.RED_FLAG, ("See a doctor today.",), red_flag="F2")
CERTAIN = Danger(RedFlag("F1", Urgency.EMERGENCY, "chest"), WARNING)
DOUBTFUL = Danger(RedFlag("F1", Urgency.EMERGENCY, "chest", doubt=True), QUESTION, WARNING)


def hear(said: str) -> Match | NoMatch:
    return MATCHER.match(Transcript(said, typed=True))


def talk(*turns: str | Heard, state: State | None = None) -> tuple[State, list[Reply]]:
    """Fold ``respond`` over turns one second apart."""
    state = state or State()
    replies = []
    for second, turn in enumerate(turns):
        heard = hear(turn) if isinstance(turn, str) else turn
        state, reply = respond(state, heard, float(second), CATALOGUE, SETTINGS)
        replies.append(reply)
    return state, replies


def last(*turns: str | Heard) -> Reply:
    return talk(*turns)[1][-1]


def test_a_question_gets_its_answer_with_sources_and_routine() -> None:
    state, (reply,) = talk("my calf is cramping")
    assert reply == Reply(
        ReplyKind.ANSWER,
        ("First about calf.", "Second about calf."),
        intent="relief.calf",
        sources=("S1",),
        routine="R3",
    )
    assert (state.topic, state.last, state.slots) == ("relief.calf", reply, {"part": "calf"})


def test_a_safety_note_is_spoken_when_its_slot_was_heard() -> None:
    assert "With kidney disease, no." in last("does magnesium work with kidney disease").sentences
    assert "With kidney disease, no." not in last("does magnesium work").sentences


def test_a_condition_is_remembered_for_later_answers() -> None:
    condition = Match("why.legs", 90.0, "", "", {}, (("condition", "kidney"),))
    assert "With kidney disease, no." in last(condition, "does magnesium work").sentences


@pytest.mark.parametrize(
    ("turns", "intent"),
    [
        (("why are my legs cramping", "and at night?"), "why.night"),
        (("why are my legs cramping", "what about my feet?"), "why.feet"),
        (("my calf is cramping", "what about my hand?"), "relief.hand"),
        (("my calf is cramping", "why"), "why.legs"),
        (("why are my legs cramping", "what else"), "prevent.stretch"),
        (("why are my legs cramping", "what else", "what else"), "myth.magnesium"),
        (("why do my feet cramp", "what about magnesium"), "myth.magnesium"),
        (("what about my feet?", "why"), "why.feet"),
        (("what about my hand?", "ow my calf"), "relief.calf"),
    ],
)
def test_follow_ups_act_on_the_topic(turns: tuple[str, ...], intent: str) -> None:
    assert last(*turns).intent == intent


def test_a_body_part_without_a_topic_is_asked_about() -> None:
    reply = last("what about my feet?")
    assert (reply.kind, reply.sentences) == (
        ReplyKind.CONTROL,
        ("First about about.", "Second about about."),
    )


def test_tell_me_more_then_goes_on_to_what_follows() -> None:
    _, replies = talk("why are my legs cramping", "tell me more", "tell me more")
    assert replies[1].sentences == ("More about legs.",)
    assert replies[2].intent == "prevent.stretch"


def test_shorter_keeps_the_first_sentence_and_the_safety_note() -> None:
    reply = last("does magnesium work with kidney disease", "shorter")
    assert reply.sentences == ("First about magnesium.", "With kidney disease, no.")


def test_say_that_again_repeats_the_answer_even_after_a_refusal() -> None:
    _, replies = talk("why are my legs cramping", "mumble jumble", "say that again")
    assert replies[2] == replies[0]


def test_slower_says_the_last_answer_again() -> None:
    reply = last("why are my legs cramping", "slower")
    assert (reply.kind, reply.intent) == (ReplyKind.CONTROL, "meta.slower")
    assert reply.sentences[-2:] == ("First about legs.", "Second about legs.")


def test_nothing_to_repeat_or_to_follow() -> None:
    assert last("say that again").sentences == ("I haven't said anything yet.",)
    assert last("what else").kind is ReplyKind.CONTROL
    assert last("tell me more").kind is ReplyKind.CONTROL


def test_stop_says_nothing() -> None:
    assert last("why are my legs cramping", "stop").sentences == ()


def test_the_second_refusal_in_a_row_offers_choices() -> None:
    _, replies = talk("mumble jumble", "mumble jumble", "why are my legs cramping", "mumble jumble")
    assert replies[0].sentences == ("Sorry, please say that again.",)
    assert replies[1].sentences == ("Say one.", "Say two.", "Say three.")
    assert replies[3].sentences == ("Sorry, please say that again.",)


def test_redirects_and_off_topic_are_told_apart() -> None:
    belly, flat = last("period cramps"), last("this flat is cramped")
    assert (belly.kind, belly.sentences) == (
        ReplyKind.REDIRECT,
        ("That sounds like belly cramp.",),
    )
    assert (flat.kind, flat.sentences) == (
        ReplyKind.REFUSAL,
        ("I only know about muscle cramp.",),
    )


def test_danger_wins_and_forgets_the_topic() -> None:
    state, replies = talk("why are my legs cramping", CERTAIN, "what else")
    assert replies[1] == WARNING
    assert replies[2].kind is ReplyKind.CONTROL
    assert state.topic is None
    assert last("why are my legs cramping", CERTAIN, "say that again") == WARNING


@pytest.mark.parametrize(
    "answer", ["yes", "yes it is", "a bit", "what", "I'm not sure", "no I don't know", "tight", ""]
)
def test_anything_but_a_clear_no_counts_as_yes(answer: str) -> None:
    assert last(DOUBTFUL, answer) == WARNING


@pytest.mark.parametrize(
    "answer", ["no", "no it isn't", "nope", "not at all", "it is not", "no thank you"]
)
def test_a_clear_no_is_taken(answer: str) -> None:
    state, replies = talk(DOUBTFUL, answer)
    assert replies[0] == QUESTION
    assert replies[1].sentences == ("All right.",)
    assert state.pending is None


def test_a_no_that_was_hardly_heard_counts_as_yes() -> None:
    assert last(DOUBTFUL, NoMatch(Refusal.LOW_CONFIDENCE, "no")) == WARNING


def test_after_a_no_the_lesser_sign_still_stands() -> None:
    assert last(replace(DOUBTFUL, denied=LESSER), "no") == LESSER


def test_after_a_no_what_was_asked_is_answered() -> None:
    asked = replace(DOUBTFUL, heard=hear("my calf is cramping"))
    assert last(asked, "no").intent == "relief.calf"


def test_a_second_unclear_sign_counts_as_yes() -> None:
    assert last(DOUBTFUL, DOUBTFUL) == WARNING


def test_the_question_can_be_heard_again() -> None:
    state, replies = talk(DOUBTFUL, "say that again", "no")
    assert replies[1] == QUESTION
    assert state.pending is None


def test_silence_counts_as_yes_after_the_deadline() -> None:
    state, _ = talk(DOUBTFUL)
    assert overdue(state, CHECK_SECONDS - 0.1) is None
    said = overdue(state, CHECK_SECONDS)
    assert said is not None
    assert said[1] == WARNING
    assert overdue(said[0], CHECK_SECONDS + 1) is None


TURNS = st.lists(
    st.sampled_from(
        [
            *("my calf is cramping", "why", "what else", "tell me more", "say that again", "no"),
            *("what about my feet?", "and at night?", "slower", "shorter", "stop", "mumble"),
            *("period cramps", CERTAIN, DOUBTFUL),
        ]
    ),
    max_size=12,
)


@settings(deadline=None)
@given(TURNS)
def test_no_conversation_delays_or_loses_a_danger(turns: list[str | Heard]) -> None:
    _, replies = talk(*turns)
    for turn, reply in zip(turns, replies, strict=True):
        if turn is CERTAIN:
            assert reply == WARNING
        if turn is DOUBTFUL:
            assert reply in (QUESTION, WARNING)


@settings(deadline=None)
@given(TURNS)
def test_a_conversation_is_a_function_of_what_was_heard(turns: list[str | Heard]) -> None:
    assert talk(*turns) == talk(*turns)
