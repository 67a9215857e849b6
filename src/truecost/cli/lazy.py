"""A group of commands that are imported when they are asked for, so that --help is quick."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, cast

import click


class LazyGroup(click.Group):
    """Commands by name: the module whose `command` each is, and what it answers in a line."""

    members: Mapping[str, tuple[str, str]]
    noun = "command"

    def __init__(self, *given: Any, members: Mapping[str, tuple[str, str]], **named: Any) -> None:
        super().__init__(*given, **named)
        self.members = members

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order that one meets them."""
        return list(self.members)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One command, or None for a name that is none."""
        if cmd_name not in self.members:
            return None
        return cast("click.Command", import_module(self.members[cmd_name][0]).command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing any of them."""
        with formatter.section(f"{self.noun.title()}s"):
            formatter.write_dl([(name, what) for name, (_, what) in self.members.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command asked for; an unknown one fails with the nearest."""
        if args and args[0] not in self.members and not args[0].startswith("-"):
            ctx.fail(self._unknown(args[0]))
        return super().resolve_command(ctx, args)

    def _unknown(self, name: str) -> str:
        import difflib

        near = difflib.get_close_matches(name, self.members, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"the {self.noun}s are {', '.join(self.members)}."
        return f"There is no {self.noun} '{name}'; {hint}"
