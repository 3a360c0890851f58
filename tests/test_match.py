from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.small_catalogue import catalogue
from voiceskill.events import Alternative, Match, NoMatch, Refusal, Transcript, Word
from voiceskill.match import Matcher

MATCHER = Matcher(catalogue())


def typed(text: str) -> Match | NoMatch:
    return MATCHER.match(Transcript(text, typed=True))


def spoken(
    text: str, *confidences: float, others: tuple[tuple[str, float], ...] = ()
) -> Transcript:
    words = text.split()
    sure = confidences or (0.9,) * len(words)
    return Transcript(
        text,
        tuple(
            Word(word, i * 0.3, i * 0.3 + 0.2, c)
            for i, (word, c) in enumerate(zip(words, sure, strict=True))
        ),
        (Alternative(text, 100.0), *(Alternative(t, s) for t, s in others)) if others else (),
    )


@pytest.mark.parametrize(
    ("said", "intent", "slots"),
    [
        ("Why are my legs cramping?", "why.legs", {"part": "leg"}),
        ("my left calf is cramping", "relief.calf", {"side": "left", "part": "calf"}),
        ("my lower leg is cramping", "relief.calf", {"part": "calf"}),
        ("aargh my calf", "relief.calf", {"part": "calf"}),
        ("my calves are seizing up", "relief.calf", {"part": "calf"}),
        ("my hand is cramping", "relief.hand", {"part": "hand"}),
        ("why are my legs cramping at night", "why.night", {"part": "leg", "time": "night"}),
        ("why can't I stop cramping", "why.legs", {}),
        ("not drinking enough is that it", "cause.dehydration", {}),
        ("do bananas work", "myth.banana", {"remedy": "banana"}),
        (
            "good morning I was wondering if you could tell me why my legs keep cramping at night "
            "thank you",
            "why.night",
            {"part": "leg", "time": "night"},
        ),
        (
            "I was out dancing with my sister and I would like to know why does my calf cramp",
            "why.legs",
            {"part": "calf"},
        ),
    ],
)
def test_questions_are_matched(said: str, intent: str, slots: dict[str, str]) -> None:
    found = typed(said)
    assert isinstance(found, Match), found
    assert found.intent == intent
    assert found.slots == slots


@pytest.mark.parametrize(
    ("said", "reason", "redirect"),
    [
        ("", Refusal.SILENCE, None),
        ("?!", Refusal.SILENCE, None),
        ("my chest is cramping", Refusal.LOW_SCORE, None),
        ("what's the weather", Refusal.LOW_SCORE, None),
        ("does ibuprofen work", Refusal.LOW_SCORE, None),
        ("my leg is not cramping", Refusal.NEGATED, None),
        ("I don't have a cramp in my calf", Refusal.NEGATED, None),
        ("period cramps", Refusal.NEGATIVE, "belly"),
        ("my stomach is cramping", Refusal.NEGATIVE, "belly"),
        ("stomach cramps at night", Refusal.NEGATIVE, "belly"),
        ("I have a bad headache", Refusal.NEGATIVE, "nearby"),
        ("this flat is so cramped", Refusal.NEGATIVE, None),
        ("<unk> <unk> my calf <unk>", Refusal.UNKNOWN_WORDS, None),
    ],
)
def test_what_must_not_be_answered_is_refused(
    said: str, reason: Refusal, redirect: str | None
) -> None:
    found = typed(said)
    assert isinstance(found, NoMatch), found
    assert (found.reason, found.redirect) == (reason, redirect)


def test_words_that_steer_count_only_alone() -> None:
    alone = typed("say that again please")
    assert isinstance(alone, Match)
    assert alone.intent == "meta.repeat"
    assert isinstance(typed("stop the bus I want to get off"), NoMatch)


def test_a_slot_value_the_intent_does_not_take_never_matches_it() -> None:
    found = typed("my hand is cramping")
    assert isinstance(found, Match)
    assert found.runner_up != "relief.calf" or found.runner_up_score < 50


def test_low_mean_confidence_is_refused() -> None:
    heard = spoken("why are my legs cramping", 0.3, 0.3, 0.3, 0.4, 0.3)
    found = MATCHER.match(heard)
    assert isinstance(found, NoMatch)
    assert found.reason is Refusal.LOW_CONFIDENCE


def test_a_doubtful_anchor_is_refused_however_sure_the_rest_is() -> None:
    heard = spoken("does banana work", 0.95, 0.2, 0.95)
    found = MATCHER.match(heard)
    assert isinstance(found, NoMatch)
    assert (found.reason, found.nearest) == (Refusal.LOW_CONFIDENCE, "myth.banana")


def test_one_sure_anchor_is_enough() -> None:
    assert isinstance(MATCHER.match(spoken("my calf is cramping", 0.9, 0.3, 0.9, 0.9)), Match)


def test_confidence_survives_a_contraction() -> None:
    found = MATCHER.match(spoken("calf's cramping", 0.9, 0.9))
    assert isinstance(found, Match)
    assert found.intent == "relief.calf"


def test_an_alternative_can_win_but_pays_for_its_distance() -> None:
    near = MATCHER.match(spoken("my cough is cramping", others=(("my calf is cramping", 99.5),)))
    far = MATCHER.match(spoken("my cough is cramping", others=(("my calf is cramping", 80.0),)))
    assert isinstance(near, Match)
    assert near.intent == "relief.calf"
    assert near.score < 100
    assert isinstance(far, NoMatch)


def test_alternatives_that_disagree_are_refused() -> None:
    others = (("my hand is cramping", 99.9),)
    found = MATCHER.match(spoken("my calf is cramping", others=others))
    assert isinstance(found, NoMatch)
    assert found.reason is Refusal.AMBIGUOUS
    assert isinstance(MATCHER.match(spoken("my calf is cramping")), Match)


def test_every_mention_is_kept_for_the_safety_notes() -> None:
    found = MATCHER.match(
        spoken(
            "does magnesium work with kidney disease",
            others=(("does magnesium work pregnant", 99.0),),
        )
    )
    assert isinstance(found, Match), found
    assert ("condition", "kidney") in found.mentioned
    assert ("condition", "pregnant") in found.mentioned


def test_specialising_needs_every_slot_and_is_no_rival_of_itself() -> None:
    found = typed("why are my legs cramping in bed")
    assert isinstance(found, Match)
    assert found.intent == "why.night"
    assert found.runner_up != "why.night"


def test_the_table_is_the_same_from_the_cache(tmp_path: Path) -> None:
    first, second = Matcher(catalogue(), tmp_path), Matcher(catalogue(), tmp_path)
    assert list((tmp_path / "match").glob("*.msgpack"))
    heard = Transcript("why are my legs cramping at night", typed=True)
    assert first.match(heard) == second.match(heard) == MATCHER.match(heard)


def test_a_damaged_cache_is_done_without(tmp_path: Path) -> None:
    Matcher(catalogue(), tmp_path)
    for file in (tmp_path / "match").glob("*.msgpack"):
        file.write_bytes(b"\xc1 not a table")
    assert isinstance(
        Matcher(catalogue(), tmp_path).match(Transcript("ow my calf", typed=True)), Match
    )


WORDS = "why my calf is not cramping at night left <unk> stomach magnesium pregnant the and can't"


@settings(deadline=None)
@given(st.one_of(st.text(), st.lists(st.sampled_from(WORDS.split()), max_size=20).map(" ".join)))
def test_matching_is_total_and_refuses_or_passes_every_guard(text: str) -> None:
    found = typed(text)
    if isinstance(found, Match):
        assert found.score >= 70.0
        assert found.intent in catalogue().intents
    else:
        assert found.reason in Refusal


@settings(deadline=None)
@given(st.lists(st.sampled_from(["stomach", "chest", "weather", "belly"]), min_size=3, max_size=6))
def test_strange_content_words_always_spoil_a_match(strange: list[str]) -> None:
    assert isinstance(typed(" ".join(["my calf is cramping", *strange, "period"])), NoMatch)
