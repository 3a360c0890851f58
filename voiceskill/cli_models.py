"""``voiceskill models``: which speech models there are."""

from __future__ import annotations

import sys

import click

from voiceskill import model_archive, models, settings
from voiceskill.errors import ModelError
from voiceskill.paths import settings_file


@click.group("models")
def models_group() -> None:
    """List and manage speech models."""


@models_group.command("list")
def list_command() -> None:
    """List the installed models; the one in use is marked."""
    chosen = settings.load(settings_file())
    used = models.resolve(chosen)
    listed = list(models.list_models())
    if used not in listed:
        listed.append(used)
    why = "named in the settings" if chosen.model else "the first one installed"
    width = max(len(model.name) for model in listed)
    for model in listed:
        mark, reason = ("*", f", in use: {why}") if model == used else (" ", "")
        kind = "bundled" if model.bundled else "added"
        graph = (
            "graph compiled from the content"
            if model.kind is models.Kind.ACOUSTIC
            else "with its own graph"
        )
        click.echo(f"{mark} {model.name:{width}}  {kind}, {graph}{reason}")
        click.echo(f"  {'':{width}}  {model.folder}")


@models_group.command("verify")
@click.argument("names", metavar="[NAME]...", nargs=-1)
def verify_command(names: tuple[str, ...]) -> None:
    """Check every file of the models against its SHA-256; without NAME, of all installed ones."""
    chosen = settings.load(settings_file())
    wanted = [models.resolve(_named(chosen, name)) for name in names] or models.list_models()
    if not wanted:
        models.resolve(chosen)
    damaged = []
    for model in wanted:
        problems = models.verify(model)
        click.echo(f"{model.name}: {'damaged' if problems else 'whole'}")
        for problem in problems:
            click.echo(f"  {problem}")
        if problems:
            damaged.append(model.name)
    if damaged:
        raise ModelError(
            f"Damaged: {', '.join(damaged)}.",
            "Install voiceskill again, or remove the model and add it again.",
        )


@models_group.command("add")
@click.argument("source")
@click.option("--sha256", default="", metavar="HEX", help="Digest of an archive not known here.")
def add_command(source: str, sha256: str) -> None:
    """Install a model: a known NAME, a zip FILE or an https address."""
    bar = _Bar()
    model = model_archive.add(source, sha256=sha256, progress=bar.show)
    bar.close()
    click.echo(f'Added {model.name}. Use it with the setting model = "{model.name}".')


@models_group.command("remove")
@click.argument("name")
def remove_command(name: str) -> None:
    """Remove a model that was added."""
    model_archive.remove(name)
    click.echo(f"Removed {name}.")


def _named(chosen: settings.Settings, name: str) -> settings.Settings:
    import msgspec

    return msgspec.structs.replace(chosen, model=name)


class _Bar:
    """How much of a download is there, on one line of a terminal; silent elsewhere."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()

    def show(self, there: int, whole: int | None) -> None:
        """Show ``there`` of ``whole`` bytes."""
        if self._shown:
            share = f" ({100 * there // whole} %)" if whole else ""
            click.echo(f"\r{there / 1e6:.1f} MB{share}\x1b[K", err=True, nl=False)

    def close(self) -> None:
        """End the line."""
        if self._shown:
            click.echo(err=True)
