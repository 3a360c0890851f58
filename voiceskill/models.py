"""Which speech models are installed, whether they are whole, and making one ready for Vosk.

A model is either acoustic only (``am/`` and ``conf/``; the graph is compiled from the content) or
complete (with a graph of its own, as those from alphacephei.com).
"""

from __future__ import annotations

import difflib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from voiceskill import checksums, paths
from voiceskill.checksums import Problem
from voiceskill.content import sentences
from voiceskill.content.catalogue import Catalogue
from voiceskill.errors import ModelError
from voiceskill.graph.build import build_graph
from voiceskill.graph.options import GraphOptions
from voiceskill.settings import Settings

BUNDLED = "en-cramp"
"""Name of the model that comes with the program."""

_NEEDED = ("am/final.mdl", "conf/mfcc.conf", "conf/model.conf")
_LOADED = ("am/", "conf/", checksums.SUMS)
_GRAPHS = (("graph/HCLG.fst", "graph/words.txt"), ("graph/HCLr.fst", "graph/Gr.fst"))
_DECODING = "--determinize-max-delay=5000\n--phone-determinize=false\n"
"""Added to a model's ``conf/model.conf``. Vosk determinises the lattice while it decodes, which
costs more with every second in which no new word starts: without this, the twelfth second of
steady noise took 2.5 s of CPU, with it 0.02 s (``benchmarks/hearing.py``). In output frames, 33 to
the second: longer than any utterance, so that it is done once, at the end. Phones need no
determinising of their own, and with the loop of unknown words it takes longer than all the rest.
"""
_KEPT_GRAPHS = 4
"""Compiled graphs kept: an editor going back and forth stays fast."""
_PACKAGE = Path(__file__).resolve().parent
_ADD = "Install voiceskill again, or add a model: voiceskill models add NAME"


class Kind(StrEnum):
    """What a model folder holds."""

    ACOUSTIC = "acoustic"
    """No graph: it is compiled from the content."""
    COMPLETE = "complete"
    """A graph of its own."""


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A model folder."""

    name: str
    folder: Path
    kind: Kind
    bundled: bool = False


def list_models() -> tuple[InstalledModel, ...]:
    """Return the installed models, the one used by default first; they need not be whole."""
    bundled = _models_in(paths.bundled("models"), bundled=True)
    added = _models_in(user_folder(), bundled=False)
    return tuple(sorted(bundled, key=lambda model: model.name != BUNDLED)) + added


def user_folder() -> Path:
    """Return the folder of the models that the user added; it need not exist."""
    return paths.data_dir() / "models"


def resolve(settings: Settings) -> InstalledModel:
    """Return the model that ``settings.model`` names, by name or folder; empty: the default one.

    Raises ModelError when there is none.
    """
    installed = list_models()
    if not settings.model:
        if not installed:
            raise ModelError("No speech model is installed.", _ADD)
        return installed[0]
    for model in installed:
        if model.name == settings.model:
            return model
    folder = Path(settings.model).expanduser()
    if folder.is_dir():
        return InstalledModel(folder.name, folder.resolve(), _kind(folder))
    names = [model.name for model in installed]
    close = difflib.get_close_matches(settings.model, names, n=1)
    hint = f"Did you mean '{close[0]}'?" if close else f"Installed: {', '.join(names) or 'none'}."
    raise ModelError(f"There is no speech model '{settings.model}'.", hint)


def verify(model: InstalledModel) -> tuple[Problem, ...]:
    """Return everything that is wrong with the model's files; empty when it is whole."""
    missing = _missing(model)
    return missing or checksums.problems(model.folder)


def prepare(
    model: InstalledModel,
    catalogue: Catalogue,
    settings: Settings,
    on_compile: Callable[[], None] | None = None,
) -> Path:
    """Return a complete Vosk model folder for ``model`` that hears what ``catalogue`` is about.

    An acoustic model gets a graph compiled from the content, kept in the cache by content, model
    and compiler; a damaged one is compiled again. Acoustic models, being small, are verified each
    time; of complete ones only the presence of the files is, as hashing gigabytes takes seconds.
    ``on_compile`` is called before a graph is compiled, which takes seconds.
    Raises ModelError for a damaged model, GraphError when compiling fails.
    """
    if model.kind is Kind.ACOUSTIC:
        # A changed model card is for `models verify` to tell, not a reason to give no answer.
        wrong = [each for each in verify(model) if each.file.startswith(_LOADED)]
    else:
        wrong = list(_missing(model))
    if wrong:
        raise ModelError(
            f"The speech model '{model.name}' is damaged: {wrong[0]}.",
            "Install voiceskill again."
            if model.bundled
            else f"Add it again: voiceskill models add {model.name}",
        )
    if model.kind is Kind.COMPLETE:
        return model.folder
    graphs = (settings.cache or paths.cache_dir()) / "graphs"
    entry = graphs / _key(model, catalogue)
    if not _usable(entry, model):
        if on_compile is not None:
            on_compile()
        _compile(entry, model, catalogue)
        _forget_old(graphs, entry)
    return entry


def _models_in(folder: Path, *, bundled: bool) -> tuple[InstalledModel, ...]:
    if not folder.is_dir():
        return ()
    found = sorted(
        path
        for path in folder.iterdir()
        if (path / "am").is_dir() or (path / checksums.SUMS).is_file()
    )
    return tuple(InstalledModel(path.name, path, _kind(path), bundled) for path in found)


def _kind(folder: Path) -> Kind:
    whole = any((folder / graph[0]).exists() for graph in _GRAPHS)
    return Kind.COMPLETE if whole else Kind.ACOUSTIC


def _missing(model: InstalledModel) -> tuple[Problem, ...]:
    """Return which of the files that Vosk cannot do without are not there or empty."""
    needed = list(_NEEDED)
    if model.kind is Kind.COMPLETE:
        needed += next(graph for graph in _GRAPHS if (model.folder / graph[0]).exists())
    wrong = []
    for name in needed:
        path = model.folder / name
        if not path.is_file():
            wrong.append(Problem(name, "is missing"))
        elif not path.stat().st_size:
            wrong.append(Problem(name, "is empty"))
    return tuple(wrong)


def _key(model: InstalledModel, catalogue: Catalogue) -> str:
    """Return the name of the graph's cache entry: the same name means the same graph."""
    key = hashlib.sha256((catalogue.language_digest + _DECODING).encode())
    # Verified just before, so the recorded digests are those of the files.
    recorded = checksums.recorded(model.folder)
    for name in _NEEDED:
        key.update(recorded[name].encode())
    compiler = (path for kind in ("*.py", "data/*") for path in (_PACKAGE / "graph").glob(kind))
    for code in (_PACKAGE / "content" / "sentences.py", *sorted(compiler)):
        key.update(code.read_bytes())
    return key.hexdigest()[:32]


def _usable(entry: Path, model: InstalledModel) -> bool:
    """Return whether ``entry`` is whole; its link is pointed at ``model`` if it was not."""
    if any(checksums.problems(entry / part) for part in ("conf", "graph")):
        return False
    try:
        _link(entry, model)
    except OSError:
        return False
    return True


def _link(entry: Path, model: InstalledModel) -> None:
    """Let ``entry`` use the model's network where it is: it is most of the model's size."""
    link, target = entry / "am", model.folder.resolve() / "am"
    if link.is_symlink() and link.readlink() == target:
        return
    # The program may have been installed elsewhere since; replaced in one step, because another
    # process may be loading it.
    new = entry / f".am.{os.getpid()}"
    new.symlink_to(target)
    new.replace(link)


def _configure(entry: Path, model: InstalledModel) -> None:
    conf = shutil.copytree(model.folder / "conf", entry / "conf")
    with (conf / "model.conf").open("a", encoding="utf-8") as file:
        file.write("\n" + _DECODING)
    checksums.write(conf)


def _compile(entry: Path, model: InstalledModel, catalogue: Catalogue) -> None:
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=entry.parent, prefix=".new-") as scratch:
            new = Path(scratch) / "model"
            new.mkdir()
            build_graph(sentences.sample(catalogue), new / "graph", GraphOptions())
            checksums.write(new / "graph")
            _configure(new, model)
            _link(new, model)
            if _usable(entry, model):
                return  # Another process was faster, and somebody may be loading its graph.
            if entry.exists():
                entry.rename(Path(scratch) / "damaged")
            new.rename(entry)
    except OSError as error:
        raise ModelError(
            f"The compiled graph cannot be written to '{entry.parent}': {error.strerror}.",
            "Free some space there, or choose another folder with the setting 'cache'.",
        ) from error


def _forget_old(graphs: Path, newest: Path) -> None:
    """Remove all but the newest graphs, among them what a power cut left half done."""
    entries = [path for path in graphs.iterdir() if path != newest]
    entries.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for old in entries[_KEPT_GRAPHS - 1 :]:
        shutil.rmtree(old, ignore_errors=True)
