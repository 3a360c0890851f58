"""Scores into confidences."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceskill.confidence import MOST_ALTERNATIVES, transcript
from voiceskill.recognise_protocol import HeardWord, Hypothesis


def hypothesis(text: str, log_likelihood: float) -> Hypothesis:
    """Return a hypothesis of words that last one second each."""
    words = tuple(HeardWord(word, at, at + 1.0) for at, word in enumerate(text.split()))
    return Hypothesis(text, log_likelihood, words)


def confidences(*hypotheses: Hypothesis) -> list[float]:
    return [word.confidence for word in transcript(hypotheses).words]


def test_one_hypothesis_is_certain() -> None:
    assert confidences(hypothesis("my calf", -40.0)) == [1.0, 1.0]


def test_a_word_is_as_sure_as_the_hypotheses_that_have_it() -> None:
    found = confidences(
        hypothesis("my calf hurts", math.log(0.6)),
        hypothesis("my cart hurts", math.log(0.3)),
        hypothesis("my calf burns", math.log(0.1)),
    )
    assert found == pytest.approx([1.0, 0.7, 0.9])


def test_the_same_word_at_another_time_does_not_count() -> None:
    found = confidences(
        hypothesis("stop now", math.log(0.5)), hypothesis("now stop", math.log(0.5))
    )
    assert found == pytest.approx([0.5, 0.5])


def test_a_repeated_word_is_vouched_for_once() -> None:
    # Both words of the first overlap the single long one of the second.
    other = Hypothesis("stop", math.log(0.4), (HeardWord("stop", 0.0, 2.0),))
    assert confidences(hypothesis("stop stop", math.log(0.6)), other) == pytest.approx([1.0, 0.6])


def test_the_best_comes_first_whatever_the_order() -> None:
    found = transcript([hypothesis("b", -3.0), hypothesis("a", -1.0), hypothesis("c", -2.0)])
    assert found.text == "a"
    assert [each.text for each in found.alternatives] == ["a", "c", "b"]


def test_alternatives_are_different_and_few() -> None:
    many = [hypothesis(f"word{number // 2}", -float(number)) for number in range(100)]
    found = transcript(many)
    texts = [each.text for each in found.alternatives]
    assert texts == [f"word{number}" for number in range(MOST_ALTERNATIVES)]


def test_nothing_heard() -> None:
    assert transcript([]).text == ""
    assert transcript([hypothesis("", -1.0)]).words == ()


sentences = st.lists(st.sampled_from(["my", "calf", "cramp", "stop"]), max_size=6).map(" ".join)


@given(st.lists(st.tuples(sentences, st.floats(-5000, 0)), min_size=1, max_size=12))
def test_confidences_are_probabilities(pairs: list[tuple[str, float]]) -> None:
    found = transcript([hypothesis(text, score) for text, score in pairs])
    assert len(found.words) == len(found.text.split())
    highest = max(score for _, score in pairs)
    total = sum(math.exp(score - highest) for _, score in pairs)
    for word in found.words:
        # The best hypothesis has all of its own words.
        assert 1 / total - 1e-9 <= word.confidence <= 1.0
