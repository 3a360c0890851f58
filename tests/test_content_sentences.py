from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests import content_pack
from voiceskill.content.catalogue import Catalogue
from voiceskill.content.load import load
from voiceskill.content.sentences import sample
from voiceskill.text import normalise


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    folder = tmp_path_factory.mktemp("pack")
    return load(content_pack.write(folder), cache=folder / "cache")


def test_the_same_seed_gives_the_same_sentences(catalogue: Catalogue) -> None:
    assert sample(catalogue, 3, 400) == sample(catalogue, 3, 400)
    assert sample(catalogue, 3, 400) != sample(catalogue, 4, 400)


def test_never_more_than_asked(catalogue: Catalogue) -> None:
    assert 300 <= len(sample(catalogue, limit=400)) <= 400


def test_everything_is_normalised_and_filled(catalogue: Catalogue) -> None:
    for sentence in sample(catalogue, limit=400):
        assert sentence == normalise(sentence)
        assert "{" not in sentence


def test_every_template_and_form_negative_and_danger_sign_is_there(catalogue: Catalogue) -> None:
    sentences = " | ".join(sample(catalogue, limit=400))
    for words in ("ow my", "ouch my", "why does my", "why do i cramp", "my stomach cramps"):
        assert words in sentences
    for form in catalogue.slot_forms:
        assert form.text in sentences
    for example in catalogue.red_flag_examples:
        assert example in sentences


def test_a_form_that_no_template_takes_is_said_bare(catalogue: Catalogue) -> None:
    assert "hand" in sample(catalogue, limit=400)


def test_intents_get_the_same_share(catalogue: Catalogue) -> None:
    sentences = sample(catalogue, limit=2000)
    counts = Counter(
        "relief" if " my calf" in f" {s}" and ("ow " in f"{s} " or "ouch" in s) else "other"
        for s in sentences
    )
    night = sum("at night" in s for s in sentences)
    legs = sum("why does my" in s or s.endswith("why do i cramp") for s in sentences)
    assert counts["relief"] > 100
    assert abs(night - legs) < 0.2 * legs


def test_too_few_for_the_templates_is_an_error(catalogue: Catalogue) -> None:
    with pytest.raises(ValueError, match="too few"):
        sample(catalogue, limit=6)


def test_words_around_a_body_part_agree(tmp_path: Path) -> None:
    folder = content_pack.write(
        tmp_path,
        slots=('say = ["calf", "lower leg"]', 'say = ["calf", "calves", "back of my leg"]'),
        why=("why does my {legs:part} cramp", "why is my {legs:part} cramping"),
    )
    said = set(sample(load(folder, cache=tmp_path / "cache"), limit=1000))
    assert "why is my calf cramping" in said
    assert "why are my calves cramping" in said
    assert "why is the back of my leg cramping" in said
    assert "why is my calves cramping" not in said
