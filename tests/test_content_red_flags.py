"""Reading red_flags.toml: what staff can get wrong is told with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from voiceskill import text
from voiceskill.content import red_flags
from voiceskill.content.red_flag_examples import ExampleError, sentences, spread
from voiceskill.content.red_flag_terms import BREAK, TermCompiler, TermError, tokens
from voiceskill.errors import ContentError
from voiceskill.events import Urgency
from voiceskill.settings import Region

SHIPPED = Path(__file__).resolve().parent.parent / "intents" / "en"
TABLE = red_flags.load(SHIPPED)
CLINICAL = [*(f"F{number}" for number in range(1, 19)), "F3b", "F11b"]


def changed(folder: Path, old: str, new: str) -> Path:
    """Write the shipped file with one change."""
    original = (SHIPPED / red_flags.FILE_NAME).read_text(encoding="utf-8")
    assert old in original
    (folder / red_flags.FILE_NAME).write_text(original.replace(old, new, 1), encoding="utf-8")
    return folder


def test_every_clinical_sign_is_there() -> None:
    assert set(CLINICAL) <= set(TABLE.flags)


@pytest.mark.parametrize("entry", TABLE.file.flag, ids=lambda entry: entry.id)
def test_an_entry_is_complete(entry: red_flags.RedFlagEntry) -> None:
    assert len(entry.examples) >= red_flags.LEAST_EXAMPLES
    assert entry.check.endswith("?")
    assert all(line.endswith((".", "?")) for tier in entry.tier for line in tier.say)
    assert entry.tier_for(entry.tier[0].urgency) is entry.tier[0]


def test_every_pattern_uses_a_tier_of_its_entry() -> None:
    for pattern in TABLE.patterns:
        assert pattern.urgency in {tier.urgency for tier in pattern.flag.tier}


def test_examples_are_normalised_and_without_repeats() -> None:
    sentences = red_flags.example_sentences(TABLE)
    assert len(sentences) == len(set(sentences)) > 240
    assert all(text.normalise(sentence) == sentence for sentence in sentences)


def test_numbers_are_spelt_for_speech() -> None:
    for region in Region:
        lines = TABLE.file.regions[region]
        for line in (lines.emergency, lines.urgent, lines.crisis):
            assert not any(len(part) > 1 for part in line.split() if part.isdigit())
    assert "1 1 1" in TABLE.file.regions[Region.UK].urgent
    assert all(
        "1 1 1" not in TABLE.file.regions[region].urgent
        for region in Region
        if region is not Region.UK
    )


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("urgency =", "urgencee =", "urgencee"),
        ('urgency = "emergency"', 'urgency = "soon"', "soon"),
        ('"<chest>", "<hurts>"', '"<chst>", "<hurts>"', "no word list 'chst'"),
        ('"<chest>", "<hurts>"', '"Chest", "<hurts>"', "'Chest' is not a lower-case word"),
        ('"<chest>", "<hurts>"', '"c*", "<hurts>"', "too short a stem"),
        ('all = ["<chest>", "<hurts>"]', "all = []", "has no terms"),
        ("[regions.eu]", "[regions.mars]", "mars"),
        ("[lines.crisis]", "[lines.later]", "later"),
        ('id = "F2"', 'id = "F1"', "flag F1 is there twice"),
        ('"I can\'t breathe"', '"I can\'t (breathe"', "has no ')' at its end"),
        ("reviewed_by = ", "reviewed by = ", ""),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, old: str, new: str, told: str) -> None:
    folder = changed(tmp_path, old, new)
    with pytest.raises(ContentError) as error:
        red_flags.load(folder)
    assert red_flags.FILE_NAME in error.value.message
    assert told in error.value.message
    assert error.value.hint


def test_too_few_examples_are_told(tmp_path: Path) -> None:
    original = (SHIPPED / red_flags.FILE_NAME).read_text(encoding="utf-8")
    head, tail = original.split('id = "F18"')
    start, end = tail.index("examples = ["), tail.index("\n]", tail.index("examples = ["))
    short = f'{tail[:start]}examples = ["I felt a pop in my calf"{tail[end:]}'
    (tmp_path / red_flags.FILE_NAME).write_text(f'{head}id = "F18"{short}', encoding="utf-8")
    with pytest.raises(ContentError, match="F18: 1 examples"):
        red_flags.load(tmp_path)


def test_an_example_is_written_out() -> None:
    assert sentences("my (calf|leg) is [very|so] sore") == [
        "my calf is very sore",
        "my calf is so sore",
        "my calf is sore",
        "my leg is very sore",
        "my leg is so sore",
        "my leg is sore",
    ]
    assert sentences("I('ve| have) (a [bad] cut|cuts)") == [
        "I've a bad cut",
        "I've a cut",
        "I've cuts",
        "I have a bad cut",
        "I have a cut",
        "I have cuts",
    ]


@pytest.mark.parametrize("wrong", ["a (b", "a b)", "a [b)", "a (b [c) d]"])
def test_brackets_that_do_not_match_are_told(wrong: str) -> None:
    with pytest.raises(ExampleError):
        sentences(wrong)


def test_every_example_gives_a_sentence_before_any_gives_two() -> None:
    lists = [[f"{name}{number}" for number in range(9)] for name in "abc"]
    taken = spread(lists, 7)
    assert {sentence[0] for sentence in taken[:3]} == {"a", "b", "c"}
    assert len(set(taken)) == 7
    assert set(spread(lists, 99)) == {sentence for each in lists for sentence in each}


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="cannot be read"):
        red_flags.load(tmp_path)


def test_terms_and_utterances_are_spelt_alike() -> None:
    assert tokens("I cannot move.") == tokens("i can not move") == ("i", "can't", "move")
    assert tokens("Foot's cold. I'm not!") == ("foot", "is", "cold", BREAK, "i", "am", "not")
    assert tokens("[unk] leg") == ("<unk>", "leg")


def test_a_list_may_use_another_but_not_itself() -> None:
    compiler = TermCompiler({"leg": ("leg", "calf"), "sore": ("sore <leg>",), "loop": ("<loop>",)})
    compiler.add("<sore>|knee*")
    index = compiler.index()
    assert {phrase.words for phrase in index.exact["sore"]} == {("sore", "leg"), ("sore", "calf")}
    assert [phrase.words for phrase in index.stems["kne"]] == [("knee*",)]
    with pytest.raises(TermError, match="contains itself"):
        compiler.add("<loop>")


def test_a_time_limit_is_a_term() -> None:
    compiler = TermCompiler({})
    compiler.add("{over 10 minutes}|ages ago")
    assert compiler.index().over_minutes == ((10, "{over 10 minutes}|ages ago"),)
    with pytest.raises(TermError, match="no words"):
        compiler.add(" | ")


def test_the_more_urgent_tiers_are_reached() -> None:
    tiers = {(pattern.flag.id, pattern.urgency) for pattern in TABLE.patterns}
    for sign in ("F3b", "F6", "F8", "F12", "F13", "F14", "F15", "F16"):
        assert (sign, Urgency.EMERGENCY) in tiers
