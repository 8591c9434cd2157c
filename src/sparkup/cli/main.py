"""The command line: verbs loaded only when they are used, errors printed in one place."""

import sys
from collections.abc import Sequence
from importlib import import_module
from itertools import pairwise

import click

from sparkup import __version__
from sparkup.cli import streams
from sparkup.cli.strict import in_our_words, suggestion
from sparkup.errors import InputRefused, PartlyDone, Problem, SparkupError, WorkFailed
from sparkup.report.failure import print_failure

# name: (where it lives, its line in --help)
COMMANDS = {
    "try": (
        "sparkup.cli.try_:try_",
        "See it work here: real vLLM on the CPU, a tiny model, an answer.",
    ),
    "launch": (
        "sparkup.cli.launch:launch",
        "Start a server or any command, and wait until it answers.",
    ),
    "start": ("sparkup.cli.start:start", "Start a container that does nothing, to work in."),
    "status": ("sparkup.cli.status:status", "Show what runs, where, and how it is."),
    "logs": ("sparkup.cli.logs:logs", "Show what a launch has printed; follow it."),
    "exec": ("sparkup.cli.enter:enter", "Run a command in the environment of a launch."),
    "stop": ("sparkup.cli.stop:stop", "Stop launches and see that nothing is left."),
    "detect": (
        "sparkup.cli.detect:detect_",
        "Find the Sparks on your cables; write cluster.yaml.",
    ),
    "fabric": ("sparkup.cli.fabric:fabric", "Show which ports of which hosts face each other."),
    "net": ("sparkup.cli.net:net", "Let hosts log in to each other."),
    "facts": ("sparkup.cli.facts:facts", "Show what is known of hosts; read what their tools print."),
    "env": ("sparkup.cli.env:env", "Make, list and remove managed Python environments with vLLM."),
    "build": ("sparkup.cli.build:build", "Build an image of vLLM, check it, and keep the one before."),
    "images": (
        "sparkup.cli.images:images",
        "List the images of hosts, compare two, go back to the one before, clean up.",
    ),
    "trust": ("sparkup.cli.trust:trust", "Let the cluster.yaml of a folder be used."),
    "completion": (
        "sparkup.cli.completion:completion",
        "Print the completion for bash, zsh or fish.",
    ),
}


class LazyGroup(click.Group):
    """A group that imports a command when it is called for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the verbs, in the order in which people meet them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the verbs without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb; a misspelt one is an error with a suggestion, never a command to run."""
        if args and args[0] not in COMMANDS and not ctx.resilient_parsing:  # as completion does
            hint = suggestion(args[0], list(COMMANDS)) or "see: sparkup --help"
            raise InputRefused(Problem("bad-option", f"unknown command {args[0]!r}", hint=hint))
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="sparkup %(version)s")
def sparkup() -> None:
    """Run vLLM on NVIDIA DGX Spark machines.

    New here? "sparkup try" needs no GPU and no container. The main job:
    sparkup launch -- vllm serve MODEL
    """


def run(argv: Sequence[str]) -> int:
    """Run a command line and return its exit status; all errors a user can meet are printed here."""
    streams.ready()
    try:
        status = sparkup.main(list(argv), prog_name="sparkup", standalone_mode=False)
        sys.stdout.flush()
    except click.UsageError as error:
        return _misused(error, argv)
    except click.exceptions.Exit as done:
        return done.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130
    except Exception as error:  # noqa: BLE001 - a user gets a message, whatever it was
        return broken(error, argv)
    return status if isinstance(status, int) else 0


def _misused(error: click.UsageError, argv: Sequence[str]) -> int:
    """Tell what was wrong with the words; none at all get the help."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return error.exit_code
    return _failed(in_our_words(error), argv)


def _cause(error: BaseException) -> BaseException:
    """Return the one of several failures to tell of."""
    while isinstance(error, BaseExceptionGroup):
        error = (error.subgroup((SparkupError, streams.OutputLost, BrokenPipeError)) or error).exceptions[0]
    return error


def broken(error: BaseException, argv: Sequence[str]) -> int:
    """Tell why the work ended; return the exit status."""
    error = _cause(error)
    if isinstance(error, SparkupError):
        return _failed(error, argv)
    if isinstance(error, BrokenPipeError) or isinstance(error.__cause__, BrokenPipeError):
        return 0  # whoever read us has gone; there is nobody to complain to
    if isinstance(error, streams.OutputLost):
        return _failed(WorkFailed(Problem("file-not-written", f"the output is lost: {error}")), argv)
    return _failed(import_module("sparkup.cli.unforeseen").unforeseen(error), argv)  # seldom needed


def _failed(error: SparkupError, argv: Sequence[str]) -> int:
    words = list(argv[: argv.index("--")] if "--" in argv else argv)
    as_events = "--progress=json" in words or ("--progress", "json") in pairwise(words)
    as_json = ("--json" in words or words[:2] == ["facts", "parse"]) and not isinstance(
        error, PartlyDone
    )  # the answer lists what is not done
    try:
        print_failure(error, as_json=as_json, as_events=as_events)
    except streams.OutputLost:  # the document; people still get the text, and all the status
        print_failure(error, as_events=as_events)
    return error.exit_status
