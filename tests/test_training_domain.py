"""The corpus's template grammar."""

import random

import pytest

from models.training.domain import LISTS, TEMPLATES, domain_sentences, expand


def test_choices_are_made_and_lists_filled_in() -> None:
    drawn = {expand("(why|when) [oh] {num}", random.Random(seed)) for seed in range(200)}
    assert {"why one", "when oh two"} <= drawn
    assert all(sentence.split()[0] in ("why", "when") for sentence in drawn)
    assert not any(mark in sentence for sentence in drawn for mark in "()[]{}|")


def test_every_template_expands_to_plain_words() -> None:
    rng = random.Random(1)
    for template in TEMPLATES:
        for _ in range(20):
            words = expand(template, rng).split()
            assert words
            assert all(set(word) <= set("abcdefghijklmnopqrstuvwxyz'") for word in words), template


def test_every_list_item_is_said() -> None:
    sentences = domain_sentences(6_000, seed=3)
    said = " | ".join(sentences)
    missing = [i for items in LISTS.values() for i in items.split("|") if i not in said]
    assert missing == []


def test_the_same_seed_gives_the_same_sentences_and_another_seed_others() -> None:
    first = domain_sentences(1_000, seed=3)
    assert first == domain_sentences(1_000, seed=3)
    assert len(set(first)) == 1_000
    assert first != domain_sentences(1_000, seed=4)


@pytest.mark.parametrize("phrase", ["stop", "can't breathe", "hey coach", "statins", "my calf"])
def test_what_matters_most_is_in_it(phrase: str) -> None:
    assert any(phrase in sentence for sentence in domain_sentences(6_000, seed=3))
