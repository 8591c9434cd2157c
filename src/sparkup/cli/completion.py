"""sparkup completion."""

import click
from click.shell_completion import get_completion_class

from sparkup.cli.main import sparkup
from sparkup.cli.strict import Strict


@click.command(cls=Strict)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> int:
    """Print the completion script of a shell.

    bash: eval "$(sparkup completion bash)" in ~/.bashrc; zsh the same in ~/.zshrc; fish: sparkup
    completion fish > ~/.config/fish/completions/sparkup.fish
    """
    found = get_completion_class(shell)
    if found is not None:
        click.echo(found(sparkup, {}, "sparkup", "_SPARKUP_COMPLETE").source())
    return 0
