"""Where the bundled data is, in a wheel or in a checkout, and where a user's own files go."""

from __future__ import annotations

from pathlib import Path

import platformdirs

from voiceskill.errors import ContentError

_PACKAGE = Path(__file__).resolve().parent


def bundled(name: str) -> Path:
    """Return the bundled folder ``name`` (``intents`` or ``models``).

    A wheel carries it inside the package; an editable install or a checkout has it beside the
    package. Raises ContentError when it is in neither place.
    """
    for candidate in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise ContentError(
        f"The bundled folder '{name}' is missing from this installation.",
        "Install voiceskill again.",
    )


def cache_dir() -> Path:
    """Return the folder for what can be made again: compiled graphs, rendered sentences."""
    return platformdirs.user_cache_path("voiceskill")


def data_dir() -> Path:
    """Return the folder for what a user added: models, edited content."""
    return platformdirs.user_data_path("voiceskill")


def settings_file() -> Path:
    """Return where the user's settings file is read from, whether or not it exists."""
    return platformdirs.user_config_path("voiceskill") / "settings.toml"
