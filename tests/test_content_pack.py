"""The bundled content: complete, sound by its own check, and answered as it is written."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import pytest

from voiceskill import paths, safety
from voiceskill.content import red_flags
from voiceskill.content.catalogue import Catalogue, Phrase
from voiceskill.content.check import check
from voiceskill.content.load import load
from voiceskill.content.sentences import Filler, sample
from voiceskill.content.wording import word_count
from voiceskill.events import Match, Transcript
from voiceskill.graph.lexicon import pronunciations
from voiceskill.match import Matcher

FOLDER = paths.bundled("intents") / "en"
REVIEWED = dt.date(2026, 11, 22)

REQUIRED = {
    "relief": "calf foot hamstring quad hand stitch back unsure aids",
    "why": "general legs night feet hands exercise heat pregnancy older",
    "cause": (
        "dehydration potassium magnesium calcium sodium nutrition overuse nerve medicines "
        "diuretics statins inhalers relaxants pad diabetes thyroid kidney other"
    ),
    "prevent": "stretch hydration diet footwear bed pacing evening",
    "myth": "magnesium pickle quinine banana k2 other",
    "course": "duration soreness",
    "diff": "rls dvt claudication dystonia strain",
    "care": "when tell tests",
    "meta": (
        "identity privacy help limits stop repeat slower faster louder quieter shorter more next "
        "back pause resume yes no else"
    ),
}


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return load(FOLDER, cache=tmp_path_factory.mktemp("cache"))


def one_of_each_template(catalogue: Catalogue) -> list[tuple[Phrase, str]]:
    filler = Filler(catalogue, random.Random(1))
    chosen: dict[tuple[str, int], Phrase] = {}
    for phrase in catalogue.phrases:
        chosen.setdefault((phrase.intent, phrase.template), phrase)
    return [
        (phrase, filler.sentence(phrase.text, phrase.constraints)) for phrase in chosen.values()
    ]


def test_it_passes_its_own_check() -> None:
    problems = check(FOLDER, today=REVIEWED, pronounce=pronunciations)
    assert [str(problem) for problem in problems] == []


def test_every_answer_that_is_needed_is_there(catalogue: Catalogue) -> None:
    needed = {f"{topic}.{name}" for topic, names in REQUIRED.items() for name in names.split()}
    assert needed - set(catalogue.intents) == set()


def test_routines_and_sources_are_complete(catalogue: Catalogue) -> None:
    assert list(catalogue.routines) == [f"R{number}" for number in range(1, 9)]
    for number in range(1, 42):
        prefix = f"S{number}"
        assert any(name.rstrip("abc") == prefix for name in catalogue.sources), prefix
    trial = catalogue.routines["R1"]
    held = [(s.hold_seconds, s.rest_seconds, s.repeats) for s in trial.step if s.hold_seconds]
    assert held == [(10, 10, 3), (10, 10, 3)]


def test_there_are_many_ways_to_ask_and_many_not_to(catalogue: Catalogue) -> None:
    assert len(catalogue.phrases) / len(catalogue.intents) >= 25
    assert len(catalogue.negatives) >= 60
    assert {n.redirect for n in catalogue.negatives} >= {None, "belly", "nearby", "medicines"}


def test_acute_relief_begins_with_what_to_do(catalogue: Catalogue) -> None:
    doing = ("Straighten", "Take", "Sit", "Lie", "If it is", "Point", "Slowly", "Stop", "If you")
    for name in ("calf", "foot", "hamstring", "quad", "thigh", "shin", "hand", "arm", "back",
                 "unsure", "stitch"):  # fmt: skip
        say = catalogue.intents[f"relief.{name}"].say
        assert say[0].startswith(doing), say[0]
        assert word_count(say[:1]) <= 20


def test_no_question_raises_a_danger_sign(catalogue: Catalogue) -> None:
    about_one = {"diff.dvt", "diff.strain"}  # "is it a clot": the sign's own advice is the answer
    table = red_flags.load(FOLDER)
    raised = []
    for phrase, sentence in one_of_each_template(catalogue):
        flag = safety.check(Transcript(sentence, typed=True), table)
        if flag is not None and phrase.intent not in about_one:
            raised.append((sentence, flag.id, flag.evidence))
    assert raised == []


def test_every_template_is_answered_by_its_own_intent(catalogue: Catalogue) -> None:
    matcher = Matcher(catalogue)
    wrong, refused, count = [], [], 0
    for phrase, sentence in one_of_each_template(catalogue):
        count += 1
        heard = matcher.match(Transcript(sentence, typed=True))
        entry = catalogue.intents[phrase.intent]
        accepted = {phrase.intent, *(rule.answer_as for rule in entry.specialise)}
        if not isinstance(heard, Match):
            refused.append((sentence, phrase.intent, heard.reason))
        elif heard.intent not in accepted:
            wrong.append((sentence, phrase.intent, heard.intent))
    assert wrong == []
    assert len(refused) <= 0.03 * count, refused


def test_the_recogniser_learns_every_word(catalogue: Catalogue) -> None:
    sentences = sample(catalogue)
    assert len(sentences) <= 30_000
    heard = {word for sentence in sentences for word in sentence.split()}
    texts = [
        *(form.text for form in catalogue.slot_forms),
        *(negative.text for negative in catalogue.negatives),
        *catalogue.red_flag_examples,
        *catalogue.lead_ins,
        *catalogue.tails,
    ]
    wanted = {word for text in texts for word in text.split() if "{" not in word}
    assert wanted - heard == set()


def test_thresholds_are_within_their_ranges(catalogue: Catalogue) -> None:
    limits = catalogue.thresholds
    assert 0 < limits.accept_score <= 100
    assert 0 <= limits.margin <= 100
    assert 0 <= limits.anchor_confidence <= 1
    assert 0 <= limits.mean_confidence <= 1
    assert 0 < limits.unknown_share < 1


def test_the_bundled_folder_is_found_from_the_folder_above(tmp_path: Path) -> None:
    assert load(FOLDER.parent, cache=tmp_path).intents
