"""Unpacking a speech model's zip file without trusting it."""

from __future__ import annotations

import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from voiceskill.errors import ModelError

MOST_UNPACKED_BYTES = 8 << 30
MOST_FILES = 2_000
MOST_EXPANSION = 50
"""Unpacked bytes per packed byte; speech models stay below 5."""

_BLOCK = 1 << 18
_ENCRYPTED = 0x1


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip file into ``folder``, refusing whatever a speech model has no need of.

    Refused with ModelError: names that lead outside the folder, links and devices, encryption,
    names twice, too many files, and contents that grow out of proportion.
    """
    try:
        with zipfile.ZipFile(archive) as packed:
            members = packed.infolist()
            _check_members(members, archive.stat().st_size)
            for member in members:
                if not member.is_dir():
                    _extract(packed, member, folder)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
        raise ModelError(f"'{archive}' is no whole zip file: {error}.", "Get it again.") from error


def _check_members(members: list[zipfile.ZipInfo], packed_bytes: int) -> None:
    unpacked = sum(member.file_size for member in members)
    if len(members) > MOST_FILES:
        raise _hostile(f"it has {len(members)} files")
    if unpacked > min(MOST_UNPACKED_BYTES, packed_bytes * MOST_EXPANSION):
        raise _hostile(f"it would unpack to {unpacked} bytes")
    names = set()
    for member in members:
        name, path = member.filename, PurePosixPath(member.filename)
        kind = stat.S_IFMT(member.external_attr >> 16)
        # zipfile cuts names at NUL and turns backslashes round on Windows only.
        if path.is_absolute() or ".." in path.parts or set(member.orig_filename) & set("\\:\0"):
            raise _hostile(f"'{name}' leads outside its folder")
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise _hostile(f"'{name}' is a link or a device")
        if member.flag_bits & _ENCRYPTED:
            raise _hostile(f"'{name}' is encrypted")
        if path in names:
            raise _hostile(f"'{name}' is there twice")
        names.add(path)


def _hostile(why: str) -> ModelError:
    return ModelError(f"This archive is refused: {why}.", "Get the model from its publisher.")


def _extract(packed: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> None:
    target = folder / member.filename
    target.parent.mkdir(parents=True, exist_ok=True)
    left = member.file_size
    # By hand: the size in the directory is only a claim, and zipfile checks the CRC at the end.
    with packed.open(member) as source, target.open("xb") as file:
        while block := source.read(_BLOCK):
            left -= len(block)
            if left < 0:
                raise _hostile(f"'{member.filename}' is larger than it says")
            file.write(block)


def model_in(folder: Path) -> Path:
    """Return the folder inside an unpacked archive that is the model, or raise ModelError."""
    candidates = [folder, *(path for path in folder.iterdir() if path.is_dir())]
    for candidate in candidates:
        if (candidate / "am" / "final.mdl").is_file() and (candidate / "conf").is_dir():
            return candidate
    raise ModelError(
        "This archive holds no Vosk model (am/final.mdl and conf/).", "Choose another archive."
    )
