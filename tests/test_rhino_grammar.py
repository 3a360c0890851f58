"""The grammar reader and the scorer of benchmarks/speech_to_intent.py."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))

from rhino_grammar import Grammar, read_grammar

CONTEXT = """
context:
  expressions:
    orderDrink:
      - "[brew, I'd like, can I have] (please) [a, an] $size:size $roast:roast $drink:drink"
      - "$drink:drink with $milk:milk"
  slots:
    size: ["small", "medium", "eight ounce"]
    roast: ["medium roast", "dark roast"]
    drink: ["coffee", "iced coffee"]
    milk: ["milk", "a bit of milk"]
"""


@pytest.fixture
def grammar(tmp_path: Path) -> Grammar:
    file = tmp_path / "context.yaml"
    file.write_text(CONTEXT, encoding="utf-8")
    return read_grammar(file)


def test_samples_are_normalised_sentences_of_the_grammar(grammar):
    sentences = grammar.sample(300, seed=1)
    assert sentences == grammar.sample(300, seed=1)
    assert "i'd like a small dark roast coffee" in sentences
    assert any(s.startswith("brew please a") for s in sentences)
    assert "iced coffee with a bit of milk" in sentences
    for sentence in sentences:
        assert not set("[](),$:") & set(sentence)
        assert grammar.spot(sentence)


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("brew a medium roast coffee", {"roast": "medium roast", "drink": "coffee"}),
        ("a medium medium roast iced coffee",
         {"size": "medium", "roast": "medium roast", "drink": "iced coffee"}),
        ("<unk> eight ounce <unk> coffee with a bit of milk",
         {"size": "eight ounce", "drink": "coffee", "milk": "a bit of milk"}),
        ("eight <unk> coffee", {"drink": "coffee"}),
        ("", {}),
        ("a small medium coffee", None),
        ("coffee with milk and a bit of milk", None),
    ],
)  # fmt: skip
def test_spotting_takes_the_longest_phrase_and_refuses_contradictions(grammar, text, slots):
    assert grammar.spot(text) == slots
