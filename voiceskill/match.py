"""Finds the intent of what was heard, or says why there is none.

A wrong answer is far worse than "please say that again", so every guard here can only refuse: the
score, the lead over the next intent, a word of the topic heard with confidence, sentences known to
be off topic, negation, and the recogniser's own doubt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from voiceskill.content.catalogue import Catalogue
from voiceskill.content.schema import ThresholdsFile
from voiceskill.events import Match, NoMatch, Refusal, Transcript
from voiceskill.match_clauses import clauses
from voiceskill.match_index import Candidate, PhraseIndex
from voiceskill.match_lexicon import COMPLAINT, is_light
from voiceskill.match_negation import negated
from voiceskill.match_slots import Tagger, Unit, slot_values
from voiceskill.match_table import NEGATIVE, STEERING, rows
from voiceskill.text import UNKNOWN, expand, fold, normalise

GAP_PENALTY = 1.5
"""Points off per unit of log-likelihood that a hypothesis lies behind the best one."""

WIDEST_GAP = 8.0
"""Hypotheses further behind are ignored."""

MOST_HYPOTHESES = 4

SURE_SCORE = 92.0
"""A whole sentence that scores this much is not taken apart into clauses."""

NEGATIVE_LEAD = 0.0
"""A negative phrase wins when it scores at least this much more than the best intent."""

NEGATIVE_SLACK = 10.0
"""A negative phrase needs this much less than ``accept_score``: refusing wrongly costs little."""

BARE_PENALTY = 8.0
"""Points off a sentence that never says cramp and differs from its phrase in more than grammar."""

STEERING_SURFACE = 85.0
"""Steering words count only when they are all that was said, give or take a letter."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One reading of what was said."""

    text: str
    words: tuple[str, ...]
    units: tuple[Unit, ...]
    penalty: float
    """Points for lying behind the best hypothesis."""

    @property
    def complains(self) -> bool:
        """Whether it speaks of cramp by any name."""
        return any(unit.key == COMPLAINT for unit in self.units)


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate together with the reading it came from."""

    candidate: Candidate
    answer: str
    """The intent that answers, after specialising; ``!`` and a redirect for a negative."""
    score: float
    hypothesis: Hypothesis


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a decision rests on; thresholds can be tried on it without matching again."""

    transcript: Transcript
    hypotheses: tuple[Hypothesis, ...]
    answers: tuple[Scored, ...]
    """Best reading of each intent, best first."""
    negative: Scored | None
    """The best phrase that must not be answered."""
    negated: bool


class Matcher:
    """Matches transcripts against one catalogue. Build once; ``match`` keeps no state."""

    def __init__(self, catalogue: Catalogue, cache: Path | None = None) -> None:
        """Take the content; ``cache`` is a folder that makes the next start fast."""
        self._intents = catalogue.intents
        self._limits = catalogue.thresholds
        self._tagger = Tagger(catalogue.slot_forms)
        self._index = PhraseIndex(rows(catalogue, self._tagger, cache))
        keys = {
            word: self._anchor_key(word) for each in catalogue.anchors.values() for word in each
        }
        self._anchors = {
            intent: frozenset(keys[word] for word in words)
            for intent, words in catalogue.anchors.items()
        }

    def match(self, transcript: Transcript) -> Match | NoMatch:
        """Return the intent of ``transcript``, or why it has none. Raises nothing."""
        return self.decide(self.consider(transcript), self._limits)

    def consider(self, transcript: Transcript, *, unseen: bool = False) -> Evidence:
        """Return everything about ``transcript`` that does not depend on thresholds.

        ``unseen`` passes over phrases that are nearly the sentence itself, for calibration: most
        of what people will say is written nowhere.
        """
        hypotheses = self._hypotheses(transcript)
        scored = self._scored(hypotheses, unseen)
        negatives = [s for s in scored if s.answer[0] == NEGATIVE]
        answers = tuple(s for s in scored if s.answer[0] != NEGATIVE)
        known = bool(answers) and answers[0].candidate.exact
        return Evidence(
            transcript,
            tuple(hypotheses),
            answers,
            negatives[0] if negatives else None,
            bool(hypotheses) and not known and negated(hypotheses[0].words, hypotheses[0].units),
        )

    def decide(self, evidence: Evidence, limits: ThresholdsFile) -> Match | NoMatch:
        """Return what ``evidence`` amounts to under ``limits``."""
        transcript = evidence.transcript
        if not evidence.hypotheses:
            return NoMatch(Refusal.SILENCE, transcript.text)
        heard = evidence.hypotheses[0].text
        top = evidence.answers[0] if evidence.answers else None
        refusal = _acoustic_doubt(evidence, limits) or _refusal(evidence, limits)
        if refusal is None and top is not None:
            refusal = self._anchor_doubt(top, transcript, limits)
        if top is None or refusal is not None:
            reason = refusal or Refusal.LOW_SCORE
            redirect = None
            if reason is Refusal.NEGATIVE and evidence.negative:
                redirect = evidence.negative.answer[1:] or None
            nearest, score = (top.answer, top.score) if top else (None, 0.0)
            return NoMatch(reason, heard, nearest, score, redirect)
        rival = evidence.answers[1] if len(evidence.answers) > 1 else None
        mentioned = {v: None for h in evidence.hypotheses for unit in h.units for v in unit.values}
        return Match(
            intent=top.answer,
            score=top.score,
            phrase=top.candidate.phrase,
            heard=top.hypothesis.text,
            slots=slot_values(top.hypothesis.units),
            mentioned=tuple(mentioned),
            runner_up=rival.answer if rival else None,
            runner_up_score=rival.score if rival else 0.0,
        )

    def _hypotheses(self, transcript: Transcript) -> list[Hypothesis]:
        top = max((a.score for a in transcript.alternatives), default=0.0)
        readings = [(transcript.text, top), *((a.text, a.score) for a in transcript.alternatives)]
        texts: dict[str, float] = {}
        for text, score in readings:
            gap = max(0.0, top - score)
            folded = fold(text)
            if folded and gap <= WIDEST_GAP:
                texts.setdefault(folded, gap)
        found: dict[tuple[object, ...], Hypothesis] = {}
        for text, gap in texts.items():
            if len(found) == MOST_HYPOTHESES:
                break
            words = tuple(text.split())
            units = self._tagger.tag(words)
            told = tuple(unit.values or unit.key for unit in units if not is_light(unit.key))
            # Hypotheses that differ in grammar alone would be scored alike.
            found.setdefault(told or words, Hypothesis(text, words, units, GAP_PENALTY * gap))
        return list(found.values())

    def _scored(self, hypotheses: Iterable[Hypothesis], unseen: bool) -> list[Scored]:
        """Return the best reading of each class over every hypothesis and clause, best first."""
        best: dict[str, Scored] = {}
        for rank, hypothesis in enumerate(hypotheses):
            # Only the best hypothesis is taken apart: for the others it costs more than it finds.
            for clause, aside in (
                clauses(hypothesis.units) if rank == 0 else [(hypothesis.units, ())]
            ):
                if aside and max((s.score for s in best.values()), default=0.0) >= SURE_SCORE:
                    break
                for candidate in self._index.search(clause, aside, unseen=unseen):
                    if not _plausible(candidate, clause, aside):
                        continue
                    answer = self._answered_as(candidate.label, hypothesis.units)
                    score = candidate.score - hypothesis.penalty
                    if not candidate.exact and not hypothesis.complains:
                        score -= BARE_PENALTY
                    if answer not in best or score > best[answer].score:
                        best[answer] = Scored(candidate, answer, score, hypothesis)
        return sorted(best.values(), key=lambda s: -s.score)

    def _answered_as(self, label: str, units: Sequence[Unit]) -> str:
        if label not in self._intents:
            return label
        mentioned = {value for unit in units for value in unit.values}
        for rule in self._intents[label].specialise:
            if mentioned.issuperset(rule.when.items()):
                return rule.answer_as
        return label

    def _anchor_key(self, word: str) -> str:
        if word[0] == "{":
            return word
        units = self._tagger.tag(fold(word).split())
        return units[0].key if units else word

    def _anchor_doubt(
        self, top: Scored, transcript: Transcript, limits: ThresholdsFile
    ) -> Refusal | None:
        """Return why no word of the topic can be relied on; None when one can."""
        anchors = self._anchors.get(top.candidate.label, frozenset())
        if not anchors:
            return None
        units = [unit for unit in top.hypothesis.units if unit.key in anchors]
        if not units:
            return Refusal.NO_ANCHOR
        if transcript.typed or not transcript.words:
            return None
        heard = _confidences(transcript)
        words = top.hypothesis.words
        surest = max(min(heard.get(w, 0.0) for w in words[u.start : u.end]) for u in units)
        return Refusal.LOW_CONFIDENCE if surest < limits.anchor_confidence else None


def _acoustic_doubt(evidence: Evidence, limits: ThresholdsFile) -> Refusal | None:
    words = evidence.hypotheses[0].words
    if sum(word == UNKNOWN for word in words) / len(words) > limits.unknown_share:
        return Refusal.UNKNOWN_WORDS
    heard = evidence.transcript.words
    if evidence.transcript.typed or not heard:
        return None
    mean = sum(word.confidence for word in heard) / len(heard)
    return Refusal.LOW_CONFIDENCE if mean < limits.mean_confidence else None


def _refusal(evidence: Evidence, limits: ThresholdsFile) -> Refusal | None:
    if evidence.negated:
        return Refusal.NEGATED
    answers = evidence.answers
    lead = answers[0].score if answers else 0.0
    if evidence.negative is not None:
        least = max(lead + NEGATIVE_LEAD, limits.accept_score - NEGATIVE_SLACK)
        if evidence.negative.score >= least:
            return Refusal.NEGATIVE
    if lead < limits.accept_score:
        return Refusal.LOW_SCORE
    if any(_rivals(answers[0], other, limits.margin) for other in answers[1:]):
        return Refusal.AMBIGUOUS
    return None


def _rivals(top: Scored, other: Scored, margin: float) -> bool:
    """Return whether ``other`` is too close; the very words of a phrase have no rival in them."""
    settled = top.candidate.exact and other.hypothesis == top.hypothesis
    return not settled and top.score - other.score < margin


def _plausible(candidate: Candidate, clause: Sequence[Unit], aside: Sequence[Unit]) -> bool:
    """Return whether a part of a sentence may speak for the whole of it."""
    if candidate.label in STEERING:
        return not aside and candidate.surface >= STEERING_SURFACE
    if candidate.label[0] == NEGATIVE and aside:
        # "I take statins" is small talk, but not in "I take statins and my legs cramp".
        return any(unit.key == COMPLAINT for unit in clause)
    return True


def _confidences(transcript: Transcript) -> Mapping[str, float]:
    """Return how surely each folded word was heard; the surest where it was said twice."""
    heard: dict[str, float] = {}
    for word in transcript.words:
        for piece in expand(normalise(word.text)).split():
            heard[piece] = max(heard.get(piece, 0.0), word.confidence)
    return heard
