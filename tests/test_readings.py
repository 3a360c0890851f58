"""Two utterances of a recording made one."""

from voiceskill.events import SAMPLE_RATE_HZ, Utterance
from voiceskill.readings import PAUSE_SECONDS, PRE_ROLL_SECONDS, joined

SPEECH = b"\1\1" * SAMPLE_RATE_HZ
"""One second."""


def silence(seconds: float) -> bytes:
    return bytes(2 * round(seconds * SAMPLE_RATE_HZ))


def test_the_pause_is_cut_short_and_no_speech_is_lost() -> None:
    first = Utterance(SPEECH + silence(1.0), 3.0, 5.0)
    second = Utterance(silence(0.5) + SPEECH + silence(1.0), 6.0, 8.5)
    both = joined(first, second, 1.0)
    pause = PAUSE_SECONDS + 0.5 - PRE_ROLL_SECONDS
    assert both.pcm == SPEECH + silence(pause) + SPEECH + silence(1.0)
    assert (both.start_seconds, both.end_seconds) == (3.0, 8.5)


def test_what_was_cut_at_the_longest_length_goes_on_without_a_gap() -> None:
    first = Utterance(SPEECH, 0.0, 1.0, truncated=True)
    second = Utterance(SPEECH + silence(1.0), 1.0, 3.0)
    both = joined(first, second, 1.0)
    assert both.pcm == first.pcm + second.pcm
    assert not both.truncated


def test_a_very_short_utterance_survives() -> None:
    both = joined(Utterance(silence(0.5), 0.0, 0.5), Utterance(SPEECH, 2.0, 3.0), 1.0)
    assert both.pcm == SPEECH[len(silence(PRE_ROLL_SECONDS)) :]
