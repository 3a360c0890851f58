"""voiceskill: an offline voice assistant that knows one thing well, muscle cramps."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voiceskill.settings import Settings as Settings
    from voiceskill.skill import Answer as Answer
    from voiceskill.skill import Skill as Skill

__version__ = "0.1.0"

__all__ = ["Answer", "Settings", "Skill", "__version__"]

_HOMES = {"Answer": "skill", "Settings": "settings", "Skill": "skill"}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, so that importing the package costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"voiceskill.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
