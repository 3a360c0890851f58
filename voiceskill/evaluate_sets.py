"""What is measured: sentences and recordings, each with what the program must do with it.

A text set is TOML with any of these; every sentence stands under ``say`` or as ``text``.
``[[intent]]``: questions that ``id``, or one of ``also``, should answer.
``[[group]]``: ``expect`` names red flags of which any is right; ``redirect`` or
``refusal = true`` says not to answer; neither says only that no red flag may fire.
``[[utterance]]``: one sentence with ``intent``, ``red_flag`` or ``refusal = true``.
An audio manifest is TOML with ``[[fixture]]`` as described in tests/audio/manifest.toml.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import msgspec

from voiceskill.errors import EvaluationError
from voiceskill.text import normalise


class Expect(StrEnum):
    """What the program must do."""

    INTENT = "intent"
    """Answer the question, as one of ``Case.accepted``."""
    REFUSAL = "refusal"
    """Not answer it as a question about cramp."""
    RED_FLAG = "red_flag"
    """Raise a red flag; ``Case.accepted`` names the right ones."""
    NO_RED_FLAG = "no_red_flag"
    """Anything but a red flag."""


class Half(StrEnum):
    """Which half of a set a case belongs to."""

    DEV = "dev"
    """May be looked at and calibrated on."""
    TEST = "test"
    """Only ever measured."""


@dataclass(frozen=True, slots=True)
class Case:
    """One sentence or recording to be asked."""

    name: str
    """The recording's path below its manifest, or the sentence."""
    text: str
    """What is said; empty when nobody speaks."""
    expect: Expect
    accepted: tuple[str, ...] = ()
    """Intents or red flags that are right."""
    half: Half = Half.TEST
    group: str = ""
    """The set's name and, where it has them, the kind within it."""
    audio: Path | None = None
    """The recording; none when the sentence is typed."""
    voice: str = "-"
    noise: str = "none"
    snr_db: float | None = None
    mix: str | None = None
    """Noise still to be mixed in at ``snr_db``: a generator's name or a file."""


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class _Utterance(_Strict, frozen=True):
    text: str
    intent: str | None = None
    also: list[str] = []
    red_flag: str | None = None
    refusal: bool = False
    redirect: str | None = None
    split: Half | None = None
    kind: str = ""


class _Group(_Strict, frozen=True):
    say: list[str]
    intent: str | None = None
    also: list[str] = []
    red_flag: str | None = None
    refusal: bool = False
    redirect: str | None = None
    expect: list[str] = []
    urgency: str = ""
    split: Half | None = None
    kind: str = ""


class _Intent(_Strict, frozen=True):
    id: str
    say: list[str]
    also: list[str] = []
    slots: dict[str, str] = {}
    split: Half | None = None
    kind: str = ""


class _TextSet(_Strict, frozen=True):
    utterance: list[_Utterance] = []
    group: list[_Group] = []
    intent: list[_Intent] = []


class Fixture(_Strict, frozen=True):
    """One entry of an audio manifest; see tests/audio/manifest.toml for each field."""

    file: str
    text: str
    voice: str = "-"
    speed: float = 1.0
    noise: str = "none"
    snr_db: float | None = None
    treatment: list[str] = []
    rate_hz: int = 16_000
    channels: int = 1
    subtype: str = ""
    intent: str | None = None
    also: list[str] = []
    red_flag: str | None = None
    refusal: bool = False
    split: Half = Half.TEST


class _AudioManifest(_Strict, frozen=True):
    fixture: list[Fixture]


_Shape = TypeVar("_Shape", bound=_Strict)


def half_of(text: str) -> Half:
    """Return a sentence's half: a hash of its words, so that additions move no other."""
    return Half.TEST if hashlib.sha256(normalise(text).encode()).digest()[0] % 2 else Half.DEV


def load_text(path: Path) -> list[Case]:
    """Read a text set. Raises EvaluationError naming the file and the place."""
    parsed = _load(path, _TextSet)
    cases: list[Case] = []
    for entry in parsed.utterance:
        expect, accepted = _expected(entry, path, entry.text)
        cases.append(_typed(path, entry.text, expect, accepted, entry.split, entry.kind))
    for intent in parsed.intent:
        accepted = (intent.id, *intent.also)
        cases += [
            _typed(path, text, Expect.INTENT, accepted, intent.split, intent.kind)
            for text in intent.say
        ]
    for group in parsed.group:
        if group.expect:
            expect, accepted = Expect.RED_FLAG, tuple(group.expect)
        else:
            expect, accepted = _expected(group, path, group.say[0])
        cases += [
            _typed(path, text, expect, accepted, group.split, group.kind) for text in group.say
        ]
    if not cases:
        raise EvaluationError(f"{path} holds no sentences.", "Add [[utterance]] or [[group]].")
    return cases


def load_audio(path: Path) -> list[Case]:
    """Read an audio manifest; recordings are found below its folder.

    Raises EvaluationError naming the file and the place, or a recording that is missing.
    """
    cases = []
    for entry in _load(path, _AudioManifest).fixture:
        audio = path.parent / entry.file
        if not audio.is_file():
            raise EvaluationError(f"{audio} is missing.", f"It is named in {path}.")
        expect, accepted = _expected(entry, path, entry.file)
        cases.append(
            Case(
                name=entry.file,
                text=entry.text.replace("|", " "),
                expect=expect,
                accepted=accepted,
                half=entry.split,
                group=Path(entry.file).parent.as_posix(),
                audio=audio,
                voice=entry.voice,
                noise=entry.noise,
                snr_db=entry.snr_db,
            )
        )
    return cases


def _typed(
    path: Path,
    text: str,
    expect: Expect,
    accepted: tuple[str, ...],
    split: Half | None,
    kind: str,
) -> Case:
    group = f"{path.stem}/{kind}" if kind else path.stem
    return Case(text, text, expect, accepted, split or half_of(text), group)


def _expected(
    entry: _Utterance | _Group | Fixture, path: Path, place: str
) -> tuple[Expect, tuple[str, ...]]:
    refusal = entry.refusal or getattr(entry, "redirect", None) is not None
    said = [entry.intent is not None, entry.red_flag is not None, refusal]
    if sum(said) > 1:
        raise EvaluationError(
            f"{path}: '{place}' expects more than one thing.",
            "Give it one of intent, red_flag and refusal.",
        )
    if entry.intent is not None:
        return Expect.INTENT, (entry.intent, *entry.also)
    if entry.red_flag is not None:
        return Expect.RED_FLAG, (entry.red_flag, *entry.also)
    return (Expect.REFUSAL if refusal else Expect.NO_RED_FLAG), ()


def _load(path: Path, shape: type[_Shape]) -> _Shape:
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), shape)
    except OSError as error:
        raise EvaluationError(
            f"{path} cannot be read: {error.strerror}.", "Check its name."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise EvaluationError(f"{path}: {error}.", "Mend that place.") from error


def with_noise(cases: Sequence[Case], noise: str, snrs_db: Sequence[float]) -> list[Case]:
    """Return every clean recording again, once for each ratio, with ``noise`` to be mixed in."""
    name = Path(noise).stem
    return [
        replace(
            case,
            name=f"{case.name} + {name} {snr_db:g} dB",
            noise=name,
            snr_db=snr_db,
            mix=noise,
        )
        for snr_db in snrs_db
        for case in cases
        if case.audio is not None and case.text and case.noise == "none"
    ]
