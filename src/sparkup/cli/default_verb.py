"""A group of verbs of which one may be left out."""

import click

from sparkup.cli.strict import suggestion
from sparkup.errors import InputRefused, Problem


class WithDefault(click.Group):
    """A group that goes on with its default verb when the first word is none: `sparkup facts memory`."""

    default = "show"

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default before what is not a verb; a misspelt verb is told from other words."""
        verb = args[0] if args else ""
        completing = ctx.resilient_parsing and not args
        if not completing and verb not in self.commands and verb not in ctx.help_option_names:
            if not ctx.resilient_parsing and (hint := suggestion(verb, list(self.commands))):
                raise InputRefused(Problem("bad-option", f"unknown command {verb!r}", hint=hint))
            args = [self.default, *args]
        return super().parse_args(ctx, args)
