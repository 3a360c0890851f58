"""The matcher on the bundled content and the labelled sentences, typed.

The test half is measured and never calibrated on. The floors stand a little under what was last
measured, so that a change which makes matching worse fails here.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from voiceskill import paths
from voiceskill.content.catalogue import Catalogue
from voiceskill.content.load import load
from voiceskill.evaluate_sets import Case, Expect, Half, load_text
from voiceskill.events import Match, Transcript
from voiceskill.match import Matcher

SETS = Path(__file__).parent / "utterances"
IN_DOMAIN = load_text(SETS / "in_domain.toml")
OFF_TOPIC = load_text(SETS / "off_topic.toml")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load(paths.bundled("intents"))


@pytest.fixture(scope="module")
def matcher(catalogue: Catalogue) -> Matcher:
    return Matcher(catalogue)


def shares(matcher: Matcher, cases: list[Case]) -> dict[str, float]:
    counts: Counter[str] = Counter()
    for case in cases:
        found = matcher.match(Transcript(case.text, typed=True))
        if isinstance(found, Match):
            counts["right" if found.intent in case.accepted else "wrong"] += 1
        else:
            counts["refused"] += 1
    return {name: counts[name] / len(cases) for name in ("right", "wrong", "refused")}


def half(cases: list[Case], which: Half) -> list[Case]:
    return [case for case in cases if case.half is which]


def test_the_sets_are_large_and_label_only_what_exists(catalogue: Catalogue) -> None:
    assert len(IN_DOMAIN) >= 600
    assert len(OFF_TOPIC) >= 500
    assert len(half(IN_DOMAIN, Half.TEST)) >= 300
    assert len(half(OFF_TOPIC, Half.TEST)) >= 250
    assert all(case.expect is Expect.INTENT for case in IN_DOMAIN)
    assert all(case.expect is Expect.REFUSAL for case in OFF_TOPIC)
    assert {name for case in IN_DOMAIN for name in case.accepted} <= set(catalogue.intents)
    texts = [case.text.lower() for case in (*IN_DOMAIN, *OFF_TOPIC)]
    assert not [text for text, count in Counter(texts).items() if count > 1]


@pytest.mark.parametrize(
    ("which", "least_right", "most_wrong"), [(Half.DEV, 0.95, 0.005), (Half.TEST, 0.85, 0.01)]
)
def test_questions_are_answered_rightly_or_not_at_all(
    matcher: Matcher, which: Half, least_right: float, most_wrong: float
) -> None:
    found = shares(matcher, half(IN_DOMAIN, which))
    assert found["right"] >= least_right, found
    assert found["wrong"] <= most_wrong, found


@pytest.mark.parametrize(("which", "most_answered"), [(Half.DEV, 0.005), (Half.TEST, 0.01)])
def test_what_is_off_topic_is_not_answered(
    matcher: Matcher, which: Half, most_answered: float
) -> None:
    found = shares(matcher, half(OFF_TOPIC, which))
    assert found["wrong"] <= most_answered, found


@pytest.mark.parametrize(
    "said",
    [
        "my chest is cramping",
        "my stomach is cramping",
        "my jaw is cramping",
        "my heart is cramping",
        "my calf is bleeding",
        "my baby is cramping",
    ],
)
def test_another_part_or_complaint_never_gets_a_muscles_answer(matcher: Matcher, said: str) -> None:
    assert not isinstance(matcher.match(Transcript(said, typed=True)), Match)
