"""Folders against their SHA256SUMS."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from voiceskill import checksums


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "am").mkdir()
    (tmp_path / "am" / "final.mdl").write_bytes(b"model")
    (tmp_path / "a file with spaces").write_bytes(b"")
    checksums.write(tmp_path)
    return tmp_path


def found(folder: Path) -> list[str]:
    return [str(problem) for problem in checksums.problems(folder)]


def test_a_whole_folder(folder: Path) -> None:
    assert found(folder) == []


def test_sha256sum_agrees(folder: Path) -> None:
    if shutil.which("sha256sum") is None:
        pytest.skip("sha256sum is not installed")
    subprocess.run(["sha256sum", "--check", "--strict", checksums.SUMS], cwd=folder, check=True)


def test_a_flipped_bit(folder: Path) -> None:
    (folder / "am" / "final.mdl").write_bytes(b"modem")
    assert found(folder) == ["am/final.mdl has been changed or damaged"]


def test_a_missing_file(folder: Path) -> None:
    (folder / "am" / "final.mdl").unlink()
    assert found(folder) == ["am/final.mdl is missing"]


def test_an_added_file(folder: Path) -> None:
    (folder / "am" / "extra").touch()
    assert found(folder) == ["am/extra is not part of the model"]


def test_a_file_that_became_a_broken_link(folder: Path) -> None:
    (folder / "am" / "final.mdl").unlink()
    (folder / "am" / "final.mdl").symlink_to("nowhere")
    assert found(folder) == ["am/final.mdl cannot be read (No such file or directory)"]


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b"no digests here\n"])
def test_without_sums_nothing_can_be_verified(folder: Path, content: bytes | None) -> None:
    if content is None:
        (folder / checksums.SUMS).unlink()
    else:
        (folder / checksums.SUMS).write_bytes(content)
    assert found(folder) == ["SHA256SUMS is missing, so nothing can be verified"]
