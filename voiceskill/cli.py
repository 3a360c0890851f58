"""The command line: the only place that shows errors and exits."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import IO, Any

import click

from voiceskill import __version__
from voiceskill.errors import VoiceskillError

INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 + SIGINT."""


@dataclass(frozen=True, slots=True)
class _Lazy:
    """A command in a module that is not imported before the command is used."""

    module: str
    attribute: str
    help: str


_COMMANDS = {
    "ask": _Lazy("voiceskill.cli_ask", "ask", "Answer one recorded or typed question."),
    "content": _Lazy("voiceskill.cli_content", "content", "Check and compile what can be asked."),
    "evaluate": _Lazy(
        "voiceskill.cli_evaluate", "evaluate_command", "Measure how often it is right."
    ),
    "models": _Lazy("voiceskill.cli_models", "models_group", "List and manage speech models."),
    "settings": _Lazy("voiceskill.cli_settings", "settings_command", "Show the settings in use."),
}


class Failure(click.ClickException):
    """Shows a VoiceskillError: what is wrong, and below it the next step."""

    def __init__(self, error: VoiceskillError) -> None:
        super().__init__(error.message)
        # click declares the code per class; here it comes with the error.
        self.exit_code = error.exit_code  # type: ignore[misc]
        self._hint = error.hint

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the message to stderr."""
        click.echo(f"voiceskill: {self.message}", err=True)
        if self._hint:
            click.echo(f"  {self._hint}", err=True)


class Commands(click.Group):
    """Imports a command's module when the command is used, so that ``--help`` is instant."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        lazy = _COMMANDS.get(cmd_name)
        if lazy is None:
            return None
        command: click.Command = getattr(importlib.import_module(lazy.module), lazy.attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.help) for name, lazy in sorted(_COMMANDS.items())])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; expected errors become messages with their exit codes."""
        try:
            return super().invoke(ctx)
        except VoiceskillError as error:
            raise Failure(error) from error
        except KeyboardInterrupt:
            click.echo(err=True)
            raise click.exceptions.Exit(INTERRUPTED) from None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="voiceskill", message="%(prog)s %(version)s")
def main() -> None:
    """Ask about muscle cramps, by voice or in writing. Nothing leaves this machine."""
