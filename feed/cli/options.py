"""
Options that stand for settings.

The default, the bounds and the meaning of an option are read off the field that it fills, so that each
is written once: in :mod:`feed.settings`. An option names its field by the dotted name that it has in a
file too, and no two options of a command can name the same one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs
import click
from click.core import ParameterSource

from feed.config.fields import SettingField, leaves, value_of
from feed.config.reader import DEFAULT, EffectiveSettings, effective, read_settings
from feed.errors import ConfigError
from feed.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Command = Callable[..., Any]

_LEAVES: Final = {leaf.name: leaf for leaf in leaves()}
_CONFIG: Final = "config"


class HelpfulGroup(click.Group):
    """A group that answers a bare call with its help and exit code 0, on every version of click."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click, but no arguments ask for help."""
        return super().parse_args(ctx, args or ["--help"])


def example(line: str) -> str:
    """The last lines of a help text: something to paste, which click shall not wrap."""
    return f"\b\nExample:\n  {line}"


def names(text: str | None) -> list[str]:
    """The names in a list that is separated by commas; blanks around them are none of theirs."""
    return [name for part in (text or "").split(",") if (name := part.strip())]


def secret_option(default: str | None) -> Callable[[Command], Command]:
    """``--secret``, for commands that connect: what goes with an API key."""
    return click.option(
        "--secret",
        default=default,
        envvar="FEED_SECRET",
        metavar="SECRET",
        help="That goes with the key, where a protocol wants one.  [env: FEED_SECRET]",
    )


class SettingOption(click.Option):
    """
    An option that fills one setting.

    Attributes:
        setting: Dotted name of the setting.
        section: Heading that it stands under in the help text.
    """

    def __init__(self, declarations: Sequence[str], *, setting: str, section: str, **rest: Any) -> None:
        self.setting = setting
        self.section = section
        super().__init__(declarations, **rest)


class SettingsCommand(click.Command):
    """A command whose help text has its options under headings."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options of each section, then those that fill no setting."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                title = parameter.section if isinstance(parameter, SettingOption) else "Options"
                sections.setdefault(title, []).append(record)
        for title, rows in sections.items():
            with formatter.section(title):
                formatter.write_dl(rows, col_max=32)


def config_option(command: Command) -> Command:
    """The option ``--config``; the command receives a path, or None."""
    return click.option(
        "--config",
        _CONFIG,
        metavar="FILE",
        envvar="FEED_CONFIG",
        type=click.Path(path_type=Path),
        help="TOML file of settings; `feed config` writes one. Paths in it are relative to it.",
    )(command)


def setting(
    option: str,
    name: str,
    *,
    metavar: str | None = None,
    kind: Any = None,
    default: str | None = None,
    meaning: str = "",
) -> Setting:
    """
    An option that fills one setting.

    Args:
        option: Its name on the command line, such as ``--port``.
        name: Dotted name of the setting.
        metavar: Unit or form of the value; a flag has none.
        kind: How text becomes the value, where its type does not say: a function that may raise
            ``click.BadParameter``.
        default: How to name a default that is not set.
        meaning: Help where the command line says it otherwise than the docstring of the setting.
    """
    return Setting(option, _LEAVES[name], metavar, kind, default, meaning)


@attrs.frozen
class Setting:
    """What :func:`setting` says, before it stands under a heading."""

    option: str
    leaf: SettingField
    metavar: str | None
    kind: Any
    default: str | None
    meaning: str

    @property
    def long(self) -> str:
        """The name of the option, without dashes."""
        return self.option.split("/", maxsplit=1)[0].removeprefix("--")

    def decorator(self, section: str) -> Callable[[Command], Command]:
        """For click: puts it on a command."""
        leaf, default = self.leaf, value_of(Settings(), self.leaf.name)
        kind = self.kind or (click.Path(path_type=Path) if leaf.kind is Path else None)
        return click.option(
            self.option,
            leaf.name.replace(".", "__"),  # what click calls it: as unique as the setting's own name
            cls=SettingOption,
            setting=leaf.name,
            section=section,
            type=kind or (leaf.kind if leaf.kind in (int, float) else None),
            multiple=isinstance(default, tuple),
            metavar=self.metavar,
            default=default,
            show_default=self.default or True,
            envvar="FEED_" + self.long.replace("-", "_").upper(),
            callback=_check(leaf),
            help=self.meaning or leaf.meaning,
        )


def _check(leaf: SettingField) -> Callable[[click.Context, click.Parameter, Any], Any]:
    def check(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
        del context, parameter
        if leaf.attribute.validator is not None:
            try:
                leaf.attribute.validator(None, leaf.attribute, value)
            except (ValueError, TypeError) as error:
                # attrs begins with its own name for the field; the operator typed the option's.
                raise click.BadParameter(str(error.args[0]).removeprefix(f"'{leaf.key}' ")) from error
        return value

    return check


class Options:
    """
    The options of a command, by section, and ``--config``.

    Raises:
        TypeError: Two of them have one name, or fill one setting.
    """

    def __init__(self, sections: dict[str, Sequence[Setting]]) -> None:
        self._decorators = [one.decorator(title) for title, group in sections.items() for one in group]
        listed = [one for group in sections.values() for one in group]
        self.names: Final = {one.long: one.leaf.name for one in listed}
        if len(self.names) < len(listed) or len(set(self.names.values())) < len(listed):
            raise TypeError("two options have one name, or fill one setting")

    def __call__(self, command: Command) -> Command:
        """Decorate a command; it receives the values by parameter name, and need not look at them."""
        for decorate in reversed(self._decorators):
            command = decorate(command)
        return config_option(command)

    def effective(self, context: click.Context) -> EffectiveSettings:
        """
        The settings in force: an option comes before its variable, that before the file, that before the
        default.

        Raises:
            ConfigError: The file is not as it should be.
        """
        path: Path | None = context.params[_CONFIG]
        file = None if path is None else read_settings(path, self.names)
        return effective(file, dict(_given(context)))

    def blamed(self, error: ConfigError, given: EffectiveSettings) -> ConfigError:
        """What the server says of an option, said of the line or the variable that stood in for it."""
        option, _, value = error.where.partition(" ")
        name = self.names.get(option.removeprefix("--"), "")
        origin = given.origin(name)
        if not option.startswith("--") or origin in (DEFAULT, option):
            return error
        where = origin if origin.startswith("FEED_") else f"{origin}: {name}"
        return ConfigError(error.what, where=f"{where} {value}".rstrip(), hint=error.hint)


def _given(context: click.Context) -> Iterator[tuple[str, tuple[str, Any]]]:
    """What was said on the command line, or by a variable."""
    for parameter in context.command.params:
        if isinstance(parameter, SettingOption) and parameter.name:
            source = context.get_parameter_source(parameter.name)
            if source is ParameterSource.COMMANDLINE:
                yield parameter.setting, (parameter.opts[0], context.params[parameter.name])
            elif source is ParameterSource.ENVIRONMENT:
                yield parameter.setting, (str(parameter.envvar), context.params[parameter.name])
