"""Adding a speech model from the network or from a file, and removing it.

Nothing is unpacked before its SHA-256 is the expected one, nothing is written outside the model's
folder, and the folder appears whole or not at all.
"""

from __future__ import annotations

import shutil
import tempfile
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from voiceskill import checksums, models
from voiceskill.errors import ModelError
from voiceskill.model_download import Progress, download, quiet
from voiceskill.model_unpack import model_in, unpack


@dataclass(frozen=True, slots=True)
class Pinned:
    """A model whose archive is known byte for byte."""

    name: str
    url: str
    size_bytes: int
    sha256: str


KNOWN = (
    Pinned(
        "vosk-model-small-en-us-0.15",
        "https://alphacephei.com/vosk/models/vosk-model-small-en-us-0.15.zip",
        41_205_931,
        "30f26242c4eb449f948e42cb302dd7a686cb29a3423a8367f99ff41780942498",
    ),
)


def add(source: str, *, sha256: str = "", progress: Progress = quiet) -> models.InstalledModel:
    """Install the model ``source``: a known name, a zip file, or an https address.

    ``sha256`` must be given for archives that are not known. An interrupted download continues
    where it stopped. Raises ModelError when anything does not fit; then nothing is installed.
    """
    folder = models.user_folder()
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    pinned = _pinned(source, sha256)
    name = _fitting_name(pinned.name)
    if (folder / name).exists():
        raise ModelError(f"'{name}' is installed already.", f"voiceskill models remove {name}")
    if pinned.url:
        archive = folder / f"{name}.zip.part"
        with _writing(folder):
            download(name, pinned.url, archive, pinned.size_bytes, progress)
    else:
        archive = Path(source)
    _check(archive, pinned, downloaded=bool(pinned.url))
    _install(archive, folder / name)
    if pinned.url:
        archive.unlink()
    return next(model for model in models.list_models() if model.folder == folder / name)


def remove(name: str) -> None:
    """Remove a model that was added. Raises ModelError when there is none of that name."""
    added = [model for model in models.list_models() if not model.bundled]
    for model in added:
        if model.name == name:
            with _writing(model.folder):
                shutil.rmtree(model.folder)
            return
    names = ", ".join(model.name for model in added) or "none"
    raise ModelError(f"'{name}' is no model that was added.", f"Added: {names}.")


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Turn a failed write below ``folder`` into ModelError."""
    try:
        yield
    except OSError as error:
        raise ModelError(
            f"'{folder}' cannot be changed: {error.strerror or error}.",
            "Free some space there, or mend its permissions.",
        ) from error


def _pinned(source: str, sha256: str) -> Pinned:
    for known in KNOWN:
        if source in (known.name, known.url):
            return known
    path = Path(source)
    if path.is_file():
        # A known archive carried in on a stick is recognised by its name and held to its digest.
        known_digest = next((known.sha256 for known in KNOWN if known.name == path.stem), "")
        return Pinned(path.stem, "", path.stat().st_size, _digest(sha256 or known_digest))
    parts = urllib.parse.urlsplit(source)
    if parts.scheme:
        name = PurePosixPath(parts.path).name.removesuffix(".zip")
        return Pinned(name, source, 0, _digest(sha256))
    names = ", ".join(known.name for known in KNOWN)
    raise ModelError(
        f"'{source}' is neither a known model nor a file nor an address.", f"Known: {names}."
    )


def _digest(text: str) -> str:
    digest = text.strip().lower()
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
        raise ModelError(
            "This archive is not known, so its SHA-256 must be given.",
            "Take it from where the model was published: --sha256 HEX (64 digits).",
        )
    return digest


def _fitting_name(name: str) -> str:
    if not name or name.startswith(".") or set(name) & set("/\\\0") or name == models.BUNDLED:
        raise ModelError(f"A model cannot be called '{name}'.", "Rename the archive.")
    return name


def _check(archive: Path, pinned: Pinned, *, downloaded: bool) -> None:
    try:
        found = checksums.of_file(archive)
    except OSError as error:
        raise ModelError(f"'{archive}' cannot be read: {error.strerror}.", "") from error
    if found != pinned.sha256:
        if downloaded:
            archive.unlink()
        raise ModelError(
            f"The archive of '{pinned.name}' is not the expected one: its SHA-256 is {found}.",
            "It was changed or damaged on its way. Nothing was installed; get it again.",
        )


def _install(archive: Path, target: Path) -> None:
    with (
        _writing(target.parent),
        tempfile.TemporaryDirectory(dir=target.parent, prefix=".new-") as scratch,
    ):
        new = Path(scratch) / "model"
        new.mkdir()
        unpack(archive, new)
        root = model_in(new)
        checksums.write(root)
        root.rename(target)
