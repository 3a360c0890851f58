"""Errors a person can meet: each says what is wrong, what to do next, and carries an exit code.

Library code raises these; only the command line shows them and exits.
"""

from __future__ import annotations

from typing import ClassVar


class VoiceskillError(Exception):
    """Base of every expected failure.

    ``message`` says what is wrong in one sentence; ``hint`` says the next step.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class SettingsError(VoiceskillError):
    """A setting is unknown or has a value that cannot be used."""

    exit_code = 3


class ContentError(VoiceskillError):
    """Something under intents/ is wrong; the message names the file and the place."""

    exit_code = 4


class AudioError(VoiceskillError):
    """A recording is missing, unreadable, empty, too long or has an unusable format."""

    exit_code = 5


class ModelError(VoiceskillError):
    """A speech model is missing, incomplete or damaged."""

    exit_code = 6


class RecogniserError(VoiceskillError):
    """The recogniser's process failed or did not answer in time."""

    exit_code = 7


class SpeechError(VoiceskillError):
    """The speech synthesiser is missing, failed or did not answer in time."""

    exit_code = 8


class DeviceError(VoiceskillError):
    """A microphone or loudspeaker, or the library that reaches it, is missing or gone."""

    exit_code = 9


class GraphError(VoiceskillError):
    """The recogniser's graph could not be compiled from the content."""

    exit_code = 10


class EvaluationError(VoiceskillError):
    """A test set, manifest or noise for ``voiceskill evaluate`` cannot be used."""

    exit_code = 11
