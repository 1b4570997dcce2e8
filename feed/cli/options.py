"""
Options that stand for settings.

The default, the bounds and the meaning of an option are read off the attrs class that it fills,
so that each is written once: in :mod:`feed.settings`.
"""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any, Final

import attrs
import click

if TYPE_CHECKING:
    from collections.abc import Callable

    Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class HelpfulGroup(click.Group):
    """A group that answers a bare call with its help and exit code 0, on every version of click."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click, but no arguments ask for help."""
        return super().parse_args(ctx, args or ["--help"])


def example(line: str) -> str:
    """The last lines of a help text: something to paste, which click shall not wrap."""
    return f"\b\nExample:\n  {line}"


def setting(
    option: str,
    owner: type[Any],
    field: str,
    *,
    metavar: str | None,
    kind: Any = None,
    default: str | None = None,
    meaning: str = "",
    multiple: bool = False,
) -> Decorator:
    """
    An option that fills one field of a settings class.

    Args:
        option: Its name on the command line, such as ``--port``.
        owner: The attrs class.
        field: Name of the field; the command receives the value by this name.
        metavar: Unit or form of the value.
        kind: How text becomes the value: a click type, or a function that may raise ``click.BadParameter``.
        default: How to name a default of None.
        multiple: Whether it can be given more than once; the field is a tuple.
        meaning: Help where the command line says it otherwise than the docstring of ``owner``.
    """
    attribute: attrs.Attribute[Any] = getattr(attrs.fields(owner), field)

    def check(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
        del context, parameter
        if attribute.validator is not None:
            try:
                attribute.validator(None, attribute, value)
            except (ValueError, TypeError) as error:
                # attrs begins with its own name for the field; the operator typed the option's.
                raise click.BadParameter(str(error.args[0]).removeprefix(f"'{field}' ")) from error
        return value

    long = option.split("/", maxsplit=1)[0].removeprefix("--")
    return click.option(
        option,
        field,
        type=kind,
        multiple=multiple,
        metavar=metavar,
        default=attribute.default,
        show_default=default or True,
        envvar="FEED_" + long.replace("-", "_").upper(),
        show_envvar=True,
        callback=check,
        help=meaning or _meanings(owner)[field],
    )


_ATTRIBUTE: Final = re.compile(r"^    (\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)


def _meanings(owner: type[Any]) -> dict[str, str]:
    """What the docstring of ``owner`` says under ``Attributes:``, by field."""
    doc = inspect.getdoc(owner) or ""
    return {name: " ".join(text.replace("``", "").split()) for name, text in _ATTRIBUTE.findall(doc)}
