"""A question asked with a pause in it: two utterances of a recording made one. Pure."""

from __future__ import annotations

from voiceskill.events import SAMPLE_RATE_HZ, Utterance

PAUSE_SECONDS = 0.2
"""What is left of the pause."""
PRE_ROLL_SECONDS = 0.3
"""What goes of the sound from before the second utterance; it has half a second of that."""


def joined(first: Utterance, second: Utterance, silence_seconds: float) -> Utterance:
    """Return both as one utterance with the pause between them cut short.

    ``silence_seconds`` is the silence that ended ``first``. When it was not ended but cut at the
    longest length, the second goes on where it stopped, and nothing is left out.
    """
    before, after = first.pcm, second.pcm
    if not first.truncated:
        cut_seconds = max(0.0, silence_seconds - PAUSE_SECONDS)
        before = before[: max(0, len(before) - _bytes(cut_seconds))]
        after = after[_bytes(PRE_ROLL_SECONDS) :]
    return Utterance(before + after, first.start_seconds, second.end_seconds, second.truncated)


def _bytes(seconds: float) -> int:
    return 2 * round(seconds * SAMPLE_RATE_HZ)
