"""What "slower" and "louder" change in the voice of a conversation."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from voiceskill.events import Reply, ReplyKind
from voiceskill.settings import Settings
from voiceskill.voice import FASTEST, QUIETEST, SLOWEST, Voice

SENTENCE = "Pull your toes up towards your shin and hold."


@pytest.fixture
def voice(tmp_path: Path) -> Iterator[Voice]:
    voice = Voice(Settings(cache=tmp_path, volume=0.6))
    yield voice
    voice.close()


def control(intent: str) -> Reply:
    return Reply(ReplyKind.CONTROL, (), intent=intent)


def test_slower_is_slower_until_the_next_visitor(voice: Voice) -> None:
    usual = voice.render(SENTENCE).seconds
    voice.follow(control("meta.slower"))
    assert voice.render(SENTENCE).seconds > 1.1 * usual
    voice.reset()
    assert voice.render(SENTENCE).seconds == usual


@pytest.mark.parametrize(
    ("intent", "rate", "volume"),
    [
        ("meta.slower", SLOWEST, 0.6),
        ("meta.faster", FASTEST, 0.6),
        ("meta.louder", 150, 1.0),
        ("meta.quieter", 150, QUIETEST),
    ],
)
def test_asked_again_and_again_it_stays_within_bounds(
    voice: Voice, intent: str, rate: int, volume: float
) -> None:
    for _ in range(20):
        voice.follow(control(intent))
    assert voice.settings.words_per_minute == rate
    assert voice.settings.volume == volume


def test_a_rate_set_outside_the_bounds_is_not_pulled_into_them(tmp_path: Path) -> None:
    voice = Voice(Settings(cache=tmp_path, words_per_minute=90))
    voice.follow(control("meta.slower"))
    assert voice.settings.words_per_minute == 90
    voice.follow(control("meta.faster"))
    assert voice.settings.words_per_minute > 90


@pytest.mark.parametrize("intent", ["meta.stop", "why.legs", ""])
def test_other_replies_change_nothing(voice: Voice, intent: str) -> None:
    before = voice.settings
    voice.follow(control(intent))
    assert voice.settings == before


def test_a_kiosk_keeps_nothing_that_tells_what_was_asked(tmp_path: Path) -> None:
    voice = Voice(Settings(cache=tmp_path, kiosk=True))
    ahead = voice.render_ahead("Please say that again.")
    kept = list(tmp_path.rglob("*.pcm"))
    voice.render(SENTENCE)
    assert list(tmp_path.rglob("*.pcm")) == kept and len(kept) == 1
    assert voice.render("Please say that again.") == ahead
    voice.close()
