from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from tests import content_pack
from voiceskill.content.check import check
from voiceskill.errors import ContentError, GraphError

TODAY = dt.date(2026, 11, 22)


def found(tmp_path: Path, **broken: tuple[str, str]) -> list[str]:
    folder = content_pack.write(tmp_path, **broken)
    problems = check(folder, today=TODAY)
    assert all(problem.hint for problem in problems)
    return [str(problem) for problem in problems]


def test_the_small_pack_has_no_problems(tmp_path: Path) -> None:
    assert found(tmp_path) == []


WORDING = {
    "more than sixty words": (
        ("Pull your toes up.", "Pull. " * 61),
        "61 spoken words, more than 60",
    ),
    "a long first sentence": (
        ("Pull your toes up.", "Pull " + "and pull " * 10 + "now."),
        "the first sentence has 22 words",
    ),
    "a first sentence that leans": (
        ("Pull your toes up.", "It helps to pull your toes up."),
        "the first sentence cannot be said alone",
    ),
    "two sentences in one": (
        ("Pull your toes up.", "Pull your toes up. Hold."),
        "is more than one sentence",
    ),
    "no full stop": (("Pull your toes up.", "Pull your toes up"), "is not a sentence"),
    "digits": (("Pull your toes up.", "Pull 3 times."), "'3' in it, which is not spoken well"),
    "brackets": (("Pull your toes up.", "Pull (gently)."), "'(' in it"),
    "a promise": (("Pull your toes up.", "This stretch will cure you."), "says 'cure'"),
    "a diagnosis": (("Pull your toes up.", "I diagnose cramp."), "says 'diagnose'"),
    "no source": (('sources = ["S1"]', "sources = []"), "evidence 'consensus' without a source"),
    "an old review": (
        ("2026-11-22", "2023-11-22"),
        "reviewed on 2023-11-22, more than 36 months ago",
    ),
    "a review to come": (("2026-11-22", "2026-11-23"), "which is still to come"),
}


@pytest.mark.parametrize("name", WORDING)
def test_faults_of_an_answer(tmp_path: Path, name: str) -> None:
    change, said = WORDING[name]
    problems = found(tmp_path, relief=change)
    assert any(
        text.startswith("intents/en/relief.toml, line 3, intent 1 (relief.calf): ") and said in text
        for text in problems
    ), problems


def test_a_review_just_inside_the_limit_is_good(tmp_path: Path) -> None:
    assert found(tmp_path, relief=("2026-11-22", "2023-11-23")) == []


def test_the_assistant_may_say_what_it_cannot_do(tmp_path: Path) -> None:
    assert found(tmp_path, relief=("Pull your toes up.", "I can't diagnose.")) == []


def test_a_claim_without_source_is_fine_when_it_says_so(tmp_path: Path) -> None:
    change = ('"consensus"\nsources = ["S1"]', '"general knowledge"')
    assert found(tmp_path, relief=change) == []


def test_a_long_step_of_a_routine(tmp_path: Path) -> None:
    problems = found(tmp_path, routines=('["Pull."]', f'["Pull {"and pull " * 8}now."]'))
    assert any("more than 15 words" in text and "(R1)" in text for text in problems)


def test_two_intents_that_claim_one_sentence(tmp_path: Path) -> None:
    problems = found(tmp_path, relief=("<ow> my {calf:part}", "why does my {part} cramp"))
    assert problems == [
        "intents/en/why.toml, line 4, intent 1 (why.legs): "
        "'why does my {part} cramp' is also claimed by relief.calf"
    ]


def test_different_slot_values_do_not_collide(tmp_path: Path) -> None:
    assert found(tmp_path, relief=("<ow> my {calf:part}", "why does my {hand:part} cramp")) == []


def test_a_sentence_that_is_also_a_negative(tmp_path: Path) -> None:
    problems = found(tmp_path, negatives=("my stomach cramps", "why do i cramp"))
    assert any("'why do i cramp' is also in negatives.toml" in text for text in problems)


def test_politeness_that_the_matcher_keeps(tmp_path: Path) -> None:
    problems = found(tmp_path, slots=('lead_ins = ["please"]', 'lead_ins = ["banana"]'))
    assert problems == ["intents/en/slots.toml, lead_ins: the matcher does not drop 'banana'"]


def test_a_source_and_a_slot_that_nothing_uses(tmp_path: Path) -> None:
    extra = '[S1]\ntitle = "Other"\nurl = "u"\n\n[S2]'
    problems = found(tmp_path, sources=("[S1]", extra), why=("cramp {time}", "cramp at night"))
    assert any("[S2]: nothing names this source" in text for text in problems)
    assert any("slot 2 (time): no template uses this slot" in text for text in problems)


def test_an_intent_without_test_sentences(tmp_path: Path) -> None:
    folder = content_pack.write(tmp_path)
    utterances = tmp_path / "utterances"
    utterances.mkdir()
    (utterances / "in_domain.toml").write_text(
        '[[intent]]\nid = "why.legs"\nsay = ["why"]\n[[intent]]\nid = "why.night"\nsay = ["why"]\n',
        encoding="utf-8",
    )
    problems = check(folder, today=TODAY, utterances=utterances)
    assert [str(problem) for problem in problems] == [
        "intents/en/relief.toml, line 3, intent 1 (relief.calf): no test sentence asks for it"
    ]


def test_a_word_that_cannot_be_said(tmp_path: Path) -> None:
    folder = content_pack.write(tmp_path, why=("why do i cramp {time}", "why qzxv {time}"))

    def pronounce(words: Iterable[str]) -> Mapping[str, object]:
        for word in words:
            if word == "qzxv":
                raise GraphError(f"The word '{word}' cannot be pronounced.", "Write it otherwise.")
        return {}

    problems = check(folder, today=TODAY, pronounce=pronounce)
    assert [str(problem) for problem in problems] == [
        "intents/en/why.toml, line 17: The word 'qzxv' cannot be pronounced"
    ]


def test_every_broken_file_is_reported_at_once(tmp_path: Path) -> None:
    problems = found(tmp_path, why=("topic =", "topik ="), relief=("topic =", "topic"))
    assert [text.partition(",")[0].partition(":")[0] for text in problems] == [
        "intents/en/relief.toml",
        "intents/en/why.toml",
    ]


def test_no_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="holds no content"):
        check(tmp_path, today=TODAY)
