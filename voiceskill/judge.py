"""What is to be made of a transcript: danger first, then the question in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from voiceskill import paths, safety
from voiceskill.content.catalogue import Catalogue
from voiceskill.content.red_flags import RedFlagTable
from voiceskill.dialogue import Danger, Heard
from voiceskill.events import (
    Match,
    NoMatch,
    RedFlag,
    Refusal,
    Reply,
    Transcript,
    Urgency,
)
from voiceskill.settings import Settings

if TYPE_CHECKING:
    from voiceskill.match import Matcher


@dataclass(frozen=True, slots=True)
class _Judged:
    heard: Heard
    transcript: Transcript


_URGENCY = (Urgency.EMERGENCY, Urgency.CRISIS, Urgency.TODAY, Urgency.ROUTINE)


class Judge:
    """Passes every transcript through ``safety`` before it is matched; there is no other way."""

    def __init__(self, catalogue: Catalogue, red_flags: RedFlagTable, settings: Settings) -> None:
        self._catalogue = catalogue
        self._red_flags = red_flags
        self._settings = settings

    def get_ready(self) -> None:
        """Build what the first judgement needs, so that it does not delay the first answer."""
        _ = self._matcher

    def one(self, transcript: Transcript) -> Heard:
        """Return the danger sign in ``transcript``, or else its match or refusal."""
        flag = safety.check(transcript, self._red_flags)
        heard = self._matcher.match(transcript)
        return heard if flag is None else self._danger(flag, heard)

    def recording(
        self, utterances: Sequence[Transcript], pairs: Sequence[Transcript]
    ) -> tuple[Heard, Transcript]:
        """Return the one judgement of a recording and the transcript that it is about.

        ``pairs[n]`` is utterance n heard together with the next. The most urgent danger sign in
        any of them counts; else the first question that can be answered; else the last refusal.
        """
        singly = [_Judged(self.one(each), each) for each in utterances]
        paired = [_Judged(self.one(each), each) for each in pairs]
        judged = _most_urgent([*singly, *paired]) or _first_question(singly, paired)
        if judged is None:
            silence = _Judged(NoMatch(Refusal.SILENCE, ""), Transcript(""))
            judged = singly[-1] if singly else silence
        return judged.heard, judged.transcript

    @cached_property
    def _matcher(self) -> Matcher:
        # Imported here, with numpy, while the recogniser's process loads its model.
        from voiceskill.match import Matcher

        return Matcher(self._catalogue, self._settings.cache or paths.cache_dir())

    def _danger(self, flag: RedFlag, heard: Match | NoMatch) -> Danger:
        def reply(sign: RedFlag) -> Reply:
            return safety.reply(sign, self._red_flags, self._settings)

        return Danger(
            flag,
            reply(flag),
            confirmed=reply(replace(flag, doubt=False)) if flag.doubt else None,
            denied=reply(flag.otherwise) if flag.otherwise else None,
            heard=heard,
        )


def _most_urgent(judged: Sequence[_Judged]) -> _Judged | None:
    """Return the most urgent danger sign, one without doubt before one in doubt."""

    def order(each: _Judged) -> tuple[int, bool]:
        assert isinstance(each.heard, Danger)
        return _URGENCY.index(each.heard.flag.urgency), each.heard.flag.doubt

    return min((j for j in judged if isinstance(j.heard, Danger)), key=order, default=None)


def _first_question(singly: Sequence[_Judged], paired: Sequence[_Judged]) -> _Judged | None:
    """Return the first match; half a question may pass for another, so the whole goes before."""
    for place, alone in enumerate(singly):
        if not isinstance(alone.heard, Match):
            continue
        for neighbour, pair in ((place - 1, place - 1), (place + 1, place)):
            if not 0 <= neighbour < len(singly):
                continue
            whole, other = paired[pair], singly[neighbour]
            if isinstance(whole.heard, Match) and (
                isinstance(other.heard, NoMatch) or whole.heard.score > alone.heard.score
            ):
                return whole
        return alone
    return next((each for each in paired if isinstance(each.heard, Match)), None)
