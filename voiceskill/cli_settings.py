"""``voiceskill settings``: what is in force, and where it comes from."""

from __future__ import annotations

import json

import click
import msgspec

from voiceskill import settings as settings_module
from voiceskill.paths import settings_file


@click.command("settings")
def settings_command() -> None:
    """Show every setting in force, as it could stand in the settings file."""
    file = settings_file()
    chosen = settings_module.load(file)
    there = "read" if file.is_file() else "not there; every setting can go into it"
    click.echo(f"# {file} ({there})")
    click.echo(f"# The environment wins: {settings_module.ENVIRONMENT_PREFIX}REGION=uk, say.")
    for name, value in msgspec.to_builtins(chosen, enc_hook=str).items():
        if value is None:
            click.echo(f"# {name} is not set")
        else:
            # A JSON text, number or boolean is also a TOML one.
            click.echo(f"{name} = {json.dumps(value, ensure_ascii=False)}")
