"""Adding models from files and from a server on this machine, and archives that mean harm."""

from __future__ import annotations

import hashlib
import io
import random
import re
import stat
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from voiceskill import model_archive, models
from voiceskill.errors import ModelError
from voiceskill.model_unpack import unpack

FILES = {
    "am/final.mdl": random.Random(1).randbytes(300_000),
    "conf/mfcc.conf": b"--sample-frequency=16000\n",
    "conf/model.conf": b"--beam=12.0\n",
    "graph/HCLr.fst": b"graph",
    "graph/Gr.fst": b"grammar",
}


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data"


def zipped(files: dict[str, bytes], top: str = "small-model/") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(top + name, content)
    return buffer.getvalue()


ARCHIVE = zipped(FILES)
DIGEST = hashlib.sha256(ARCHIVE).hexdigest()


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "small-model.zip"
    path.write_bytes(ARCHIVE)
    return path


def installed() -> list[str]:
    return [model.name for model in models.list_models() if not model.bundled]


def leftovers() -> list[str]:
    folder = models.user_folder()
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def test_a_file_with_its_digest_is_installed_and_verifies(archive: Path) -> None:
    model = model_archive.add(str(archive), sha256=DIGEST.upper())
    assert model.name == "small-model"
    assert model.kind is models.Kind.COMPLETE
    assert not model.bundled
    assert models.verify(model) == ()
    for name, content in FILES.items():
        assert (model.folder / name).read_bytes() == content
    assert leftovers() == ["small-model"]
    assert archive.exists(), "the user's file stays"


def test_an_archive_without_a_top_folder(tmp_path: Path) -> None:
    path = tmp_path / "flat.zip"
    path.write_bytes(zipped(FILES, top=""))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert models.verify(model_archive.add(str(path), sha256=digest)) == ()


def test_a_changed_byte_is_refused_before_unpacking(archive: Path) -> None:
    content = bytearray(ARCHIVE)
    content[len(content) // 2] ^= 1
    archive.write_bytes(content)
    with pytest.raises(ModelError, match="not the expected one"):
        model_archive.add(str(archive), sha256=DIGEST)
    assert leftovers() == []


def test_an_unknown_archive_needs_a_digest(archive: Path) -> None:
    with pytest.raises(ModelError, match="SHA-256 must be given"):
        model_archive.add(str(archive))
    with pytest.raises(ModelError, match="SHA-256 must be given"):
        model_archive.add(str(archive), sha256="not a digest")


def test_a_known_name_on_a_stick_is_held_to_its_digest(tmp_path: Path) -> None:
    path = tmp_path / "vosk-model-small-en-us-0.15.zip"
    path.write_bytes(ARCHIVE)
    with pytest.raises(ModelError, match="not the expected one"):
        model_archive.add(str(path))
    assert leftovers() == []


def test_the_known_model_is_pinned() -> None:
    (known,) = model_archive.KNOWN
    assert known.size_bytes == 41_205_931
    assert re.fullmatch("[0-9a-f]{64}", known.sha256)
    assert known.url == f"https://alphacephei.com/vosk/models/{known.name}.zip"


def test_an_unknown_source_names_the_known_ones() -> None:
    with pytest.raises(ModelError) as caught:
        model_archive.add("vosk-model-enormous")
    assert "vosk-model-small-en-us-0.15" in caught.value.hint


def test_twice_is_refused_and_removing_makes_room(archive: Path) -> None:
    model_archive.add(str(archive), sha256=DIGEST)
    with pytest.raises(ModelError, match="installed already"):
        model_archive.add(str(archive), sha256=DIGEST)
    model_archive.remove("small-model")
    assert installed() == []
    with pytest.raises(ModelError, match="no model that was added"):
        model_archive.remove("small-model")


def test_the_bundled_model_cannot_be_replaced_or_removed(tmp_path: Path) -> None:
    path = tmp_path / f"{models.BUNDLED}.zip"
    path.write_bytes(ARCHIVE)
    with pytest.raises(ModelError, match="cannot be called"):
        model_archive.add(str(path), sha256=DIGEST)
    with pytest.raises(ModelError, match="no model that was added"):
        model_archive.remove(models.BUNDLED)


def test_an_archive_without_a_model(tmp_path: Path) -> None:
    path = tmp_path / "holiday.zip"
    path.write_bytes(zipped({"beach.jpg": b"sand"}))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(ModelError, match="holds no Vosk model"):
        model_archive.add(str(path), sha256=digest)
    assert leftovers() == []


# --- archives that mean harm


def hostile(tmp_path: Path, *members: tuple[zipfile.ZipInfo | str, bytes]) -> Path:
    path = tmp_path / "hostile.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content, zipfile.ZIP_DEFLATED)
    return path


def refuse(tmp_path: Path, path: Path, why: str) -> None:
    target = tmp_path / "inner" / "target"
    target.mkdir(parents=True)
    with pytest.raises(ModelError, match=why):
        unpack(path, target)
    outside = {each.name for each in (tmp_path / "inner").iterdir()}
    assert outside == {"target"}, "nothing was written outside"


def special(name: str, kind: int) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.external_attr = (kind | 0o777) << 16
    return member


@pytest.mark.parametrize(
    "name", ["../escaped", "am/../../escaped", "/escaped", "..\\escaped", "C:\\escaped", "a/.."]
)
def test_names_that_lead_outside(tmp_path: Path, name: str) -> None:
    refuse(tmp_path, hostile(tmp_path, (name, b"x")), "leads outside")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices(tmp_path: Path, kind: int) -> None:
    refuse(tmp_path, hostile(tmp_path, (special("am", kind), b"/etc")), "link or a device")


def test_a_bomb_that_admits_it(tmp_path: Path) -> None:
    refuse(tmp_path, hostile(tmp_path, ("bomb", bytes(50_000_000))), "would unpack to")


def test_a_bomb_that_lies_about_its_size(tmp_path: Path) -> None:
    path = hostile(tmp_path, ("bomb", bytes(50_000_000)))
    content = path.read_bytes().replace((50_000_000).to_bytes(4, "little"), b"\x10\0\0\0")
    path.write_bytes(content)
    target = tmp_path / "target"
    target.mkdir()
    with pytest.raises(ModelError):
        unpack(path, target)
    assert sum(each.stat().st_size for each in target.iterdir()) <= 16


def test_too_many_files(tmp_path: Path) -> None:
    members = [(f"{number}", b"") for number in range(2_001)]
    refuse(tmp_path, hostile(tmp_path, *members), "2001 files")


def test_the_same_name_twice(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = hostile(tmp_path, ("am", b"1"), ("am", b"2"))
    refuse(tmp_path, path, "there twice")


def test_a_file_used_as_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "odd.zip"
    path.write_bytes(zipped({"am": b"file", "am/final.mdl": b"x"}))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(ModelError):
        model_archive.add(str(path), sha256=digest)
    assert leftovers() == []


def test_mutated_archives_are_refused_or_unpacked_inside(tmp_path: Path) -> None:
    choose = random.Random(20261122)
    small = zipped({**FILES, "am/final.mdl": b"model" * 100})
    path = tmp_path / "inner" / "mutated.zip"
    path.parent.mkdir()
    unpacked = 0
    for number in range(500):
        content = bytearray(small)
        for _ in range(choose.randint(1, 4)):
            content[choose.randrange(len(content))] = choose.randrange(256)
        path.write_bytes(content)
        target = path.parent / f"target{number}"
        target.mkdir()
        try:
            unpack(path, target)
            unpacked += 1
        except (ModelError, OSError):
            continue
    assert 0 < unpacked < 500
    assert {each.name for each in tmp_path.iterdir()} <= {"inner", "data"}


# --- downloads


class Server(ThreadingHTTPServer):
    """Serves one archive, with ranges if told to, and may break off."""

    ranges = True
    break_after: int | None = None
    content = ARCHIVE
    says_length = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/models/small-model.zip"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.asked.append(asked)
        if self.path.startswith("/elsewhere"):
            self.send_response(302)
            self.send_header("Location", "http://example.invalid/model.zip")
            self.end_headers()
            return
        if not self.path.startswith("/models/"):
            self.send_error(404)
            return
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.server.ranges else 0
        if start and start >= len(self.server.content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        body = self.server.content[start:]
        if self.server.says_length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.server.break_after])

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield serving
        serving.shutdown()
        thread.join()


def test_a_download_is_verified_and_installed(server: Server) -> None:
    seen: list[tuple[int, int | None]] = []
    model = model_archive.add(
        server.url, sha256=DIGEST, progress=lambda there, whole: seen.append((there, whole))
    )
    assert models.verify(model) == ()
    assert leftovers() == ["small-model"]
    assert seen[-1] == (len(ARCHIVE), len(ARCHIVE))
    assert [there for there, _ in seen] == sorted(there for there, _ in seen)


@pytest.mark.parametrize("ranges", [True, False])
def test_an_interrupted_download_continues(server: Server, ranges: bool) -> None:
    server.ranges = ranges
    server.break_after = 100_000
    with pytest.raises(ModelError) as caught:
        model_archive.add(server.url, sha256=DIGEST)
    assert "same command again" in caught.value.hint
    assert leftovers() == ["small-model.zip.part"]
    server.break_after = None
    assert models.verify(model_archive.add(server.url, sha256=DIGEST)) == ()
    assert server.asked[-1] == "bytes=100000-"
    assert leftovers() == ["small-model"]


def test_a_download_that_was_complete_but_not_yet_installed(server: Server) -> None:
    models.user_folder().mkdir(parents=True)
    (models.user_folder() / "small-model.zip.part").write_bytes(ARCHIVE)
    assert models.verify(model_archive.add(server.url, sha256=DIGEST)) == ()


def test_a_download_with_the_wrong_digest_is_thrown_away(server: Server) -> None:
    server.content = zipped({**FILES, "am/final.mdl": b"other"})
    with pytest.raises(ModelError, match="not the expected one"):
        model_archive.add(server.url, sha256=DIGEST)
    assert leftovers() == []


def test_a_download_larger_than_it_should_be_stops(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    pinned = model_archive.Pinned("small-model", server.url, 1000, DIGEST)
    monkeypatch.setattr(model_archive, "KNOWN", (pinned,))
    with pytest.raises(ModelError, match="instead of at most 1000"):
        model_archive.add("small-model")
    server.says_length = False
    with pytest.raises(ModelError, match="more than 1000 bytes"):
        model_archive.add("small-model")


def test_a_missing_page(server: Server) -> None:
    url = server.url.replace("/models/", "/nothing/")
    with pytest.raises(ModelError, match="answered 404"):
        model_archive.add(url, sha256=DIGEST)


def test_plain_http_is_refused_also_after_a_redirect(server: Server) -> None:
    with pytest.raises(ModelError, match="not an https address"):
        model_archive.add("http://example.invalid/model.zip", sha256=DIGEST)
    with pytest.raises(ModelError, match="not an https address"):
        model_archive.add("ftp://example.invalid/model.zip", sha256=DIGEST)
    with pytest.raises(ModelError, match="not an https address"):
        model_archive.add(server.url.replace("/models/", "/elsewhere/"), sha256=DIGEST)


def test_nobody_answers() -> None:
    with pytest.raises(ModelError, match="stopped"):
        model_archive.add("http://127.0.0.1:1/model.zip", sha256=DIGEST)
