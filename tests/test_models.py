"""Finding, verifying and preparing speech models."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import msgspec
import pytest

from voiceskill import checksums, models, paths
from voiceskill.content.catalogue import Catalogue
from voiceskill.content.load import load
from voiceskill.errors import ModelError
from voiceskill.models import InstalledModel, Kind
from voiceskill.settings import Settings


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """A small part of the content, so that compiling it is quick."""
    whole = load(paths.bundled("intents"), cache=tmp_path_factory.mktemp("content"))
    return msgspec.structs.replace(
        whole,
        phrases=whole.phrases[:50],
        negatives=(),
        red_flag_examples=(),
        language_digest="small",
    )


def model_files(folder: Path, *, graph: bool = False) -> Path:
    """Write a folder that has everything but a network worth decoding with."""
    names = ["am/final.mdl", "conf/mfcc.conf", "conf/model.conf"]
    if graph:
        names += ["graph/HCLr.fst", "graph/Gr.fst"]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    checksums.write(folder)
    return folder


@pytest.fixture
def acoustic(tmp_path: Path) -> InstalledModel:
    return InstalledModel("small", model_files(tmp_path / "small"), Kind.ACOUSTIC)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory, catalogue: Catalogue) -> Path:
    """A cache folder with the small model's graph."""
    folder = model_files(tmp_path_factory.mktemp("compiled") / "small")
    cache = tmp_path_factory.mktemp("cache")
    models.prepare(InstalledModel("small", folder, Kind.ACOUSTIC), catalogue, settings(cache=cache))
    return cache


@pytest.fixture
def cache(compiled: Path, tmp_path: Path) -> Path:
    """A copy of ``compiled`` of one's own, made by a program that was installed elsewhere."""
    return Path(shutil.copytree(compiled, tmp_path / "cache" / "voiceskill", symlinks=True))


def settings(model: str = "", cache: Path | None = None) -> Settings:
    return Settings(model=model, cache=cache)


def test_the_bundled_model_is_whole_and_the_default() -> None:
    model = models.resolve(settings())
    assert model.name == models.BUNDLED
    assert model.bundled
    assert model.kind is Kind.ACOUSTIC
    assert models.verify(model) == ()
    assert sum(path.stat().st_size for path in model.folder.rglob("*")) <= 25_000_000


def test_added_models_are_listed_after_the_bundled_one() -> None:
    model_files(models.user_folder() / "a-model", graph=True)
    (models.user_folder() / "no-model.zip.part").touch()
    (models.user_folder() / "empty").mkdir()
    listed = models.list_models()
    assert [model.name for model in listed] == [models.BUNDLED, "a-model"]
    assert listed[1].kind is Kind.COMPLETE
    assert not listed[1].bundled
    assert models.resolve(settings("a-model")) == listed[1]


def test_a_model_can_be_named_by_its_folder(tmp_path: Path) -> None:
    folder = model_files(tmp_path / "elsewhere" / "mine")
    model = models.resolve(settings(str(folder)))
    assert model == InstalledModel("mine", folder, Kind.ACOUSTIC)


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(ModelError) as caught:
        models.resolve(settings("en-camp"))
    assert "Did you mean 'en-cramp'?" in caught.value.hint
    with pytest.raises(ModelError) as caught:
        models.resolve(settings("martian"))
    assert caught.value.hint == "Installed: en-cramp."


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("am/final.mdl", None, "am/final.mdl is missing"),
        ("conf/mfcc.conf", None, "conf/mfcc.conf is missing"),
        ("am/final.mdl", "", "am/final.mdl is empty"),
        ("am/final.mdl", "am/final.mdm", "am/final.mdl has been changed"),
        ("am/extra", "x", "am/extra is not part of the model"),
        ("SHA256SUMS", None, "SHA256SUMS is missing"),
    ],
)
def test_a_damaged_model_is_refused_before_anything_loads_it(
    acoustic: InstalledModel, catalogue: Catalogue, name: str, content: str | None, message: str
) -> None:
    path = acoustic.folder / name
    path.unlink() if content is None else path.write_text(content)
    assert message in str(models.verify(acoustic)[0])
    with pytest.raises(ModelError, match=message) as caught:
        models.prepare(acoustic, catalogue, settings())
    assert "voiceskill models add small" in caught.value.hint


def test_a_changed_model_card_is_told_but_no_reason_to_stay_silent(
    acoustic: InstalledModel, catalogue: Catalogue, cache: Path
) -> None:
    (acoustic.folder / "MODEL_CARD.md").write_text("added later")
    assert [str(each) for each in models.verify(acoustic)] == [
        "MODEL_CARD.md is not part of the model"
    ]
    assert (models.prepare(acoustic, catalogue, settings()) / "am").is_dir()


def test_a_damaged_bundled_model_says_to_install_again(
    acoustic: InstalledModel, catalogue: Catalogue
) -> None:
    (acoustic.folder / "am" / "final.mdl").unlink()
    bundled = InstalledModel(models.BUNDLED, acoustic.folder, Kind.ACOUSTIC, bundled=True)
    with pytest.raises(ModelError) as caught:
        models.prepare(bundled, catalogue, settings())
    assert caught.value.hint == "Install voiceskill again."


def test_a_complete_model_is_used_as_it_is(tmp_path: Path, catalogue: Catalogue) -> None:
    folder = model_files(tmp_path / "complete", graph=True)
    model = models.resolve(settings(str(folder)))
    assert models.prepare(model, catalogue, settings()) == folder
    (folder / "graph" / "Gr.fst").unlink()
    with pytest.raises(ModelError, match=r"graph/Gr\.fst is missing"):
        models.prepare(model, catalogue, settings())


def stamp(folder: Path) -> int:
    """Return when the graph was written."""
    return (folder / "graph" / "HCLG.fst").stat().st_mtime_ns


def test_a_graph_is_compiled_from_the_content_and_kept(
    acoustic: InstalledModel, catalogue: Catalogue, tmp_path: Path
) -> None:
    folder = models.prepare(acoustic, catalogue, settings())
    assert folder.is_relative_to(tmp_path / "cache")
    assert (folder / "am" / "final.mdl").read_text() == "am/final.mdl"
    conf = (folder / "conf" / "model.conf").read_text().splitlines()
    assert conf == ["conf/model.conf", "--determinize-max-delay=5000", "--phone-determinize=false"]
    words = (folder / "graph" / "words.txt").read_text().split()
    assert {"<eps>", "<unk>", "calf", "#0"} <= set(words)
    first = stamp(folder)
    assert models.prepare(acoustic, catalogue, settings()) == folder
    assert stamp(folder) == first
    assert [path.name for path in folder.parent.iterdir()] == [folder.name], "nothing left over"


def test_a_program_installed_elsewhere_keeps_its_graph(
    acoustic: InstalledModel, catalogue: Catalogue, cache: Path
) -> None:
    (entry,) = (cache / "graphs").iterdir()
    first = stamp(entry)
    assert models.prepare(acoustic, catalogue, settings()) == entry
    assert stamp(entry) == first
    assert (entry / "am").resolve() == acoustic.folder / "am"
    assert (entry / "conf" / "mfcc.conf").is_file()


def test_other_content_and_another_network_are_other_graphs(
    acoustic: InstalledModel, catalogue: Catalogue, cache: Path
) -> None:
    first = models.prepare(acoustic, catalogue, settings())
    changed = msgspec.structs.replace(catalogue, language_digest="changed")
    second = models.prepare(acoustic, changed, settings())
    (acoustic.folder / "am" / "final.mdl").write_text("retrained")
    checksums.write(acoustic.folder)
    third = models.prepare(acoustic, catalogue, settings())
    assert len({first, second, third}) == 3


@pytest.mark.parametrize("damage", ["flipped", "missing", "conf", "a file"])
def test_a_damaged_graph_is_compiled_again(
    acoustic: InstalledModel, catalogue: Catalogue, cache: Path, damage: str
) -> None:
    (folder,) = (cache / "graphs").iterdir()
    graph = folder / "graph" / "HCLG.fst"
    good = graph.read_bytes()
    match damage:
        case "flipped":
            graph.write_bytes(good[:1000] + bytes([good[1000] ^ 1]) + good[1001:])
        case "missing":
            graph.unlink()
        case "conf":
            (folder / "conf" / "model.conf").write_text("--beam=0.1")
        case "a file":
            shutil.rmtree(folder)
            folder.write_text("not a folder")
    assert models.prepare(acoustic, catalogue, settings()) == folder
    assert graph.read_bytes() == good
    assert checksums.problems(folder / "graph") == checksums.problems(folder / "conf") == ()


def test_old_graphs_and_what_a_power_cut_left_are_forgotten(
    acoustic: InstalledModel, catalogue: Catalogue, cache: Path
) -> None:
    (entry,) = (cache / "graphs").iterdir()
    for age, name in enumerate(["yesterday", "last-week", "last-month", ".new-power-cut"], start=1):
        (entry.parent / name).mkdir()
        then = entry.stat().st_mtime - age * 86_400
        os.utime(entry.parent / name, (then, then))
    changed = msgspec.structs.replace(catalogue, language_digest="changed")
    newest = models.prepare(acoustic, changed, settings())
    left = {path.name for path in entry.parent.iterdir()}
    assert left == {newest.name, entry.name, "yesterday", "last-week"}


def test_two_at_once_agree(acoustic: InstalledModel, catalogue: Catalogue) -> None:
    found: list[Path] = []
    threads = [
        threading.Thread(
            target=lambda: found.append(models.prepare(acoustic, catalogue, settings()))
        )
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    assert found[0] == found[1]
    assert checksums.problems(found[0] / "graph") == ()


def test_a_cache_that_cannot_be_written(
    acoustic: InstalledModel, catalogue: Catalogue, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match="cannot be written") as caught:
        models.prepare(acoustic, catalogue, settings(cache=tmp_path / "file"))
    assert "'cache'" in caught.value.hint
