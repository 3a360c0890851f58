"""The voice of one conversation: what "slower" and "louder" change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from voiceskill.events import Pcm, Reply
from voiceskill.settings import Settings
from voiceskill.speak import Speaker

SLOWEST, FASTEST = 110, 200
"""Words per minute that listeners of all ages still find comfortable."""
QUIETEST = 0.2


@dataclass(frozen=True, slots=True)
class _Change:
    rate: float = 1.0
    volume: float = 0.0


_CHANGES: Mapping[str, _Change] = {
    "meta.slower": _Change(rate=0.85),
    "meta.faster": _Change(rate=1.15),
    "meta.louder": _Change(volume=0.2),
    "meta.quieter": _Change(volume=-0.2),
}


class Voice:
    """Renders sentences; changes of rate and volume last until ``reset``."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._now = settings
        self._speaker = Speaker(settings)

    @property
    def settings(self) -> Settings:
        """The settings as they now are."""
        return self._now

    def start(self) -> None:
        """Start the synthesiser now, so that it is ready for the first sentence."""
        self._speaker.start()

    def follow(self, reply: Reply) -> None:
        """Carry out a reply that answers "slower", "louder" and the like; ignore all others."""
        change = _CHANGES.get(reply.intent or "")
        if change is None:
            return
        usual = self._settings.words_per_minute
        rate = round(self._now.words_per_minute * change.rate)
        volume = self._now.volume + change.volume
        self._use(
            msgspec.structs.replace(
                self._now,
                words_per_minute=min(max(rate, min(SLOWEST, usual)), max(FASTEST, usual)),
                volume=round(min(max(volume, QUIETEST), 1.0), 3),
            )
        )

    def reset(self) -> None:
        """Go back to the voice of the settings."""
        self._use(self._settings)

    def render(self, sentence: str) -> Pcm:
        """Return a sentence of a reply as sound. Raises SpeechError or SettingsError."""
        # Replies are made from the content alone, so they may be kept on disk; but at a kiosk what
        # is kept would tell what strangers asked.
        return self._speaker.render(sentence, keep=not self._settings.kiosk)

    def render_ahead(self, sentence: str) -> Pcm:
        """Keep a sentence on disk before anybody asks. Raises SpeechError or SettingsError."""
        return self._speaker.render(sentence, keep=True)

    def close(self) -> None:
        """End the synthesiser."""
        self._speaker.close()

    def _use(self, settings: Settings) -> None:
        if settings == self._now:
            return
        self._speaker.close()
        self._now = settings
        self._speaker = Speaker(settings)
