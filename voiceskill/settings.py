"""One small settings object, read once at the edge and passed down."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

import msgspec

from voiceskill.errors import SettingsError

ENVIRONMENT_PREFIX = "VOICESKILL_"


class Region(StrEnum):
    """Decides which emergency numbers are said; set at install, never inferred."""

    UK = "uk"
    US = "us"
    EU = "eu"
    UNSET = "unset"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Every option, with its default."""

    region: Region = Region.UNSET
    kiosk: bool = False
    """Adds "tell a member of staff now" to red flags instead of the advice for home."""
    model: str = ""
    """Name or folder of the speech model; empty: the best installed."""
    intents: Path | None = None
    """Folder of the content; none: the bundled one."""
    cache: Path | None = None
    """Folder for compiled graphs and rendered sentences; none: the user's cache folder."""
    voice: str = "gmw/en-gb-x-rp"
    """Voice id of the synthesiser."""
    words_per_minute: int = 150
    volume: float = 1.0
    """0 to 1."""
    end_silence_seconds: float = 0.6
    """Silence that ends an utterance."""
    longest_utterance_seconds: float = 15.0
    longest_recording_seconds: float = 600.0
    """A longer file is refused before it is read."""

    def __post_init__(self) -> None:
        """Raise SettingsError for a number outside its range."""
        bounds = (
            ("words_per_minute", self.words_per_minute, 80, 300),
            ("volume", self.volume, 0.0, 1.0),
            ("end_silence_seconds", self.end_silence_seconds, 0.2, 3.0),
            ("longest_utterance_seconds", self.longest_utterance_seconds, 2.0, 60.0),
            ("longest_recording_seconds", self.longest_recording_seconds, 1.0, 3600.0),
        )
        for name, value, low, high in bounds:
            if not low <= value <= high:
                raise SettingsError(
                    f"Setting '{name}' is {value}.", f"Choose a number from {low} to {high}."
                )


def load(file: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings: defaults, then ``file`` where it exists, then the environment.

    ``VOICESKILL_WORDS_PER_MINUTE=130`` sets ``words_per_minute``. Raises SettingsError for an
    unknown key or a value of the wrong kind, naming it.
    """
    values: dict[str, object] = {}
    if file is not None and file.is_file():
        try:
            values.update(tomllib.loads(file.read_text(encoding="utf-8")))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            raise SettingsError(f"{file}: {error}.", "Mend that line.") from error
    known = {name for name in Settings.__struct_fields__}
    for key, text in (os.environ if environment is None else environment).items():
        name = key.removeprefix(ENVIRONMENT_PREFIX).lower()
        if key.startswith(ENVIRONMENT_PREFIX) and name in known:
            values[name] = text
    try:
        return msgspec.convert(values, Settings, strict=False, dec_hook=_path)
    except msgspec.ValidationError as error:
        raise SettingsError(
            f"A setting cannot be used: {error}.", f"Known settings: {', '.join(sorted(known))}."
        ) from error


def _path(kind: type, value: object) -> Path:
    """Read a folder; ``~`` is the user's home."""
    if kind is not Path or not isinstance(value, str):
        raise TypeError(f"Expected `str`, got `{type(value).__name__}`")
    return Path(value).expanduser()
