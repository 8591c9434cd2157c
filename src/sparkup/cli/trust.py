"""sparkup trust."""

from pathlib import Path

import click

from sparkup.cli.nodes import shown
from sparkup.cli.strict import Strict
from sparkup.config.finding import HERE, Found, digest
from sparkup.config.finding import trust as remember


@click.command(cls=Strict)
@click.argument("file", required=False, default=str(HERE))
def trust(file: str) -> int:
    """Let the cluster.yaml of a folder be used, as it is now: read it first.

    It decides on which machines our work is done, and so where models and secrets go. It is known by its
    content: a change makes it a new one.
    """
    from sparkup.config.inventory import load  # noqa: PLC0415 - pydantic, for those who have a file

    found = Found(Path(file), digest(Path(file)))
    known = load(found.path)
    remember(found)
    click.echo(f"{file} is trusted as it is now. It has these hosts: {shown(known)}")
    return 0
