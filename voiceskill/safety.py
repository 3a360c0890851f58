"""Danger signs: heard before anything else, and what is said about them. Pure.

Every credible hypothesis of the recogniser is read, not only the best one. A sign heard in the
best hypothesis, or in at least half of all, stands; one heard only in a few is put as a question.
The most urgent sign wins, then one that needs no question, then the order of ``red_flags.toml``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from voiceskill.content.red_flags import Pattern, RedFlagTable, Tier, examples_of
from voiceskill.events import RedFlag, Reply, ReplyKind, Transcript, Urgency
from voiceskill.safety_patterns import Finding, findings
from voiceskill.settings import Settings
from voiceskill.text import UNKNOWN

UNSURE_REACH = 3.5
"""How far below the best hypothesis one is still read when words of the best are unknown."""

SURE_REACH = 0.7
"""The same when every word of the best hypothesis is known.

Both in the recogniser's log-likelihood. Measured on 519 spoken sentences of the dev half
(espeak-ng and flite voices, bundled model, 2026-11-22): danger signs missing from the best
hypothesis lay at most 3.4 below it, all but one beside an unknown word; most of what is harmless
lay further off, or beside a best hypothesis without unknown words ("I've never fainted").
"""

_RANK = {Urgency.EMERGENCY: 0, Urgency.CRISIS: 1, Urgency.TODAY: 2, Urgency.ROUTINE: 3}


def check(transcript: Transcript, table: RedFlagTable) -> RedFlag | None:
    """Return the most urgent danger sign in any credible hypothesis, or None.

    ``doubt`` asks for the check question first; ``otherwise`` is what stands without question
    should the answer be no.
    """
    hypotheses = _credible(transcript)
    heard = [findings(text, table) for text in hypotheses]
    votes = Counter(key for found in heard for key in {_key(f.pattern) for f in found})
    best = {_key(finding.pattern) for finding in heard[0]}
    signs: dict[tuple[str, Urgency], Finding] = {}
    for finding in (finding for found in heard for finding in found):
        key = _key(finding.pattern)
        trusted = key in best or 2 * votes[key] >= len(hypotheses)
        doubt = finding.doubt or not trusted
        known = signs.get(key)
        if known is None or (known.doubt and not doubt):
            signs[key] = Finding(finding.pattern, doubt, finding.evidence)
    return _most_urgent(signs.values())


def reply(flag: RedFlag, table: RedFlagTable, settings: Settings) -> Reply:
    """Return what to say: the check question when in doubt, otherwise the action and why.

    The first sentence of an action says what to do, with the numbers of the configured region.
    """
    entry = table.flags[flag.id]
    if flag.doubt:
        return Reply(ReplyKind.CHECK, (entry.check,), red_flag=flag.id, sources=entry.sources)
    lines = table.file.lines[flag.urgency]
    tier = entry.tier_for(flag.urgency)
    place = lines.kiosk if settings.kiosk else lines.home
    region = table.file.regions[settings.region]
    said = (_action(tier, lines.action), *tier.say, *place)
    numbers = {
        "{emergency}": region.emergency, "{urgent}": region.urgent, "{crisis}": region.crisis,
    }  # fmt: skip
    sentences = tuple(_filled(sentence, numbers) for sentence in said)
    return Reply(ReplyKind.RED_FLAG, sentences, red_flag=flag.id, sources=entry.sources)


def unheard_examples(table: RedFlagTable) -> list[tuple[str, str]]:
    """Return (danger sign, example) for every example that does not raise its own sign."""
    return [
        (entry.id, example)
        for entry in table.file.flag
        for example in examples_of(entry)
        if entry.id not in {finding.pattern.flag.id for finding in findings(example, table)}
    ]


def _credible(transcript: Transcript) -> list[str]:
    """Return the hypotheses to read, best first; typed text is its only one."""
    reach = UNSURE_REACH if UNKNOWN in transcript.text.split() else SURE_REACH
    best = max((other.score for other in transcript.alternatives), default=0.0)
    near = (other.text for other in transcript.alternatives if best - other.score <= reach)
    return list(dict.fromkeys([transcript.text, *near]))


def _key(pattern: Pattern) -> tuple[str, Urgency]:
    return pattern.flag.id, pattern.urgency


def _order(finding: Finding) -> tuple[int, bool, int]:
    return _RANK[finding.pattern.urgency], finding.doubt, finding.pattern.order


def _most_urgent(signs: Iterable[Finding]) -> RedFlag | None:
    ordered = sorted(signs, key=_order)
    if not ordered:
        return None
    first = ordered[0]
    fallback = None
    if first.doubt:
        fallback = next((_red_flag(finding) for finding in ordered if not finding.doubt), None)
    return _red_flag(first, fallback)


def _red_flag(finding: Finding, otherwise: RedFlag | None = None) -> RedFlag:
    pattern = finding.pattern
    return RedFlag(pattern.flag.id, pattern.urgency, finding.evidence, finding.doubt, otherwise)


def _action(tier: Tier, usual: str) -> str:
    return tier.action or usual


def _filled(sentence: str, numbers: dict[str, str]) -> str:
    for placeholder, value in numbers.items():
        sentence = sentence.replace(placeholder, value)
    return sentence
