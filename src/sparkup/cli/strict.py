"""click, made to say all that is wrong with a command line at once, with suggestions."""

import difflib
import shlex
from collections.abc import Sequence
from typing import Any

import click
from click.shell_completion import CompletionItem

from sparkup.errors import InputRefused, Problem

WORDS_SHOWN = 3  # of a command: vllm serve MODEL


class Strict(click.Command):
    """A command whose unknown options and stray words are problems to be listed, not the first to be raised.

    What follows `--` is kept apart before anything is parsed and reaches the callback as `rest`,
    when the command `takes_rest`. One that `collects` says what is wrong together with what it finds itself.
    """

    takes_rest = False
    collects = False

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse; problems are left in ctx.obj for the callback to raise with its own."""
        rest: list[str] = []
        ctx.meta["has_rest"] = self.takes_rest and "--" in args
        if ctx.meta["has_rest"]:
            cut = args.index("--")
            args, rest = args[:cut], args[cut + 1 :]
        ctx.ignore_unknown_options, ctx.allow_extra_args = True, True
        stray = super().parse_args(ctx, list(args))
        odd = self._taken_for_values(ctx) + stray
        problems = [self._problem(ctx, word) for word in _unexplained(odd)]
        if self.takes_rest and not ctx.meta["has_rest"] and stray and not stray[0].startswith("-"):
            # One mistake, one problem: everything from there on was to be the command.
            cut = self._first_stray(ctx, args)
            rest = args[cut:]
            hint = " ".join((ctx.command_path, *_shown(args[:cut], 0), "--", *_shown(rest, WORDS_SHOWN)))
            problems = [Problem("bad-option", "the command to run has no -- before it", hint=hint)]
        ctx.meta["rest"] = tuple(rest)
        ctx.meta["problems"] = problems
        if problems and not (self.takes_rest or self.collects or ctx.resilient_parsing):  # as completion is
            raise InputRefused(*problems)
        return []

    def _first_stray(self, ctx: click.Context, args: list[str]) -> int:
        """Return the place of the first stray word, which may equal the value of an option before it."""
        for place in range(len(args)):
            try:
                _, stray, _ = self.make_parser(ctx).parse_args(args[: place + 1])
            except click.UsageError:  # an option without its value, which comes next
                continue
            if stray:
                return place
        return len(args)

    def _taken_for_values(self, ctx: click.Context) -> list[str]:
        """Return unknown options that were read as the value of a positional argument."""
        names = [param.name for param in self.params if isinstance(param, click.Argument)]
        return [
            value
            for name in names
            if isinstance(value := ctx.params.get(name or ""), str) and value[:1] == "-"
        ]

    def _problem(self, ctx: click.Context, word: str) -> Problem:
        known = [name for param in self.get_params(ctx) for name in param.opts]
        if word.startswith("-") and word != "-":
            name = word.partition("=")[0]
            hint = suggestion(name, [each for each in known if each.startswith("--")])
            return Problem(
                "bad-option",
                f"unknown option {name}",
                hint=hint or f"see: {ctx.command_path} --help",
            )
        hint = f"see: {ctx.command_path} --help"
        if hosts := ctx.params.get("hosts"):
            hint = f"if it is a host, in one word with the others: -n {','.join((*hosts, word))}"
        elif self.takes_rest:
            hint = "put all of the command after --"
        return Problem("bad-option", f"unexpected word {word!r}", hint=hint)


def _shown(words: Sequence[str], count: int) -> list[str]:
    """Return the first words, and dots for the others: there may be secrets among them."""
    return [*map(shlex.quote, words[:count]), *(["..."] if len(words) > count else [])]


def _unexplained(words: Sequence[str]) -> list[str]:
    """Return words without those that are probably values of an unknown option before them."""
    return [
        word
        for before, word in zip(("", *words), words, strict=False)
        if word.startswith("-") or not (before.startswith("-") and "=" not in before)
    ]


class Collecting(Strict):
    """A command that says all that is wrong with its words at once; they have to be asked for: `problems`."""

    collects = True


class WithRest(Strict):
    """A command that takes another program's command line after `--`."""

    takes_rest = True

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete our own options; behind `--` stands another program, and perhaps a file."""
        if ctx.meta["has_rest"]:
            return [CompletionItem(incomplete, type="file")]
        return super().shell_complete(ctx, incomplete)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Show the rest in the usage line."""
        return [*super().collect_usage_pieces(ctx), "-- COMMAND..."]


def rest(ctx: click.Context) -> tuple[str, ...]:
    """Return the words behind `--`, untouched."""
    words: tuple[str, ...] = ctx.meta["rest"]
    return words


def problems(ctx: click.Context) -> list[Problem]:
    """Return what the parser found wrong."""
    found: list[Problem] = ctx.meta["problems"]
    return found


def suggestion(word: str, known: Sequence[str]) -> str:
    """Return a hint with the closest known word, or nothing; the dashes of options make none alike."""
    bare = {each.lstrip("-"): each for each in known}
    close = difflib.get_close_matches(word.lstrip("-"), list(bare), 1, 0.7)
    return f"did you mean {bare[close[0]]}?" if close else ""


def in_our_words(error: click.UsageError) -> InputRefused:
    """Return click's own complaint as one of ours."""
    context: Any = error.ctx
    hint = f"see: {context.command_path} --help" if context else "see: sparkup --help"
    possible = getattr(error, "possibilities", None)
    if possible:
        hint = f"did you mean {', '.join(sorted(possible))}?"
    return InputRefused(Problem("bad-option", error.format_message().rstrip("."), hint=hint))
