"""
Everything that can go wrong, and whose fault it is.

::

    Exception
    ├── FeedError              ours, or the operator's: the process or a whole room is affected
    │   ├── ConfigError        a setting, an option or a file the operator wrote; exit code 2
    │   │   └── ConfigErrors   several of them at once
    │   ├── MarketError        the market was asked for something that cannot be
    │   └── RecordingError     a recording cannot go on; the market can
    └── ClientError            theirs: one client sent something; only that client hears of it
        └── ProtocolError      a message outside the protocol the client chose

Each carries data, not only a sentence, so that a log line or a reply can be built from it.
"""

from __future__ import annotations

from typing import Final

DISTRIBUTION: Final = "market-feed-server"
"""What pip knows this package by: ``feed`` is another project's there."""


def install_hint(extra: str) -> str:
    """
    The command that installs what a part of feed needs that most do without.

    Args:
        extra: One of ``project.optional-dependencies`` in ``pyproject.toml``.
    """
    return f"python -m pip install '{DISTRIBUTION}[{extra}]'"


class FeedError(Exception):
    """Our fault, or the operator's. Never caused by what a client sent."""


class ConfigError(FeedError):
    """
    The operator asked for something that cannot be done.

    Attributes:
        what: What is wrong, in one clause.
        where: The option, the file or the ``file:line`` it stands in.
        hint: What to do about it; may be empty.
    """

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        self.what = what
        self.where = where
        self.hint = hint
        super().__init__(str(self))

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}; {self.hint}" if self.hint else text


class ConfigErrors(ConfigError):
    """
    Several mistakes of the operator, told together.

    Attributes:
        errors: Each of them.
    """

    def __init__(self, errors: list[ConfigError]) -> None:
        self.errors = errors
        super().__init__(f"{len(errors)} mistakes")

    def __str__(self) -> str:
        return "\n".join(map(str, self.errors))

    @classmethod
    def of(cls, errors: list[ConfigError]) -> ConfigError:
        """One error for one or more."""
        return errors[0] if len(errors) == 1 else cls(errors)


class MarketError(FeedError):
    """The market was asked for something that cannot be, such as a step back in time."""


class RecordingError(FeedError):
    """
    A recording cannot be written any further, such as on a full disk. The feed itself goes on.

    Attributes:
        what: What the operating system said.
        events: How many events stand in the blocks written before.
    """

    def __init__(self, what: str, *, events: int) -> None:
        self.what = what
        self.events = events
        super().__init__(f"recording stopped after {events} events: {what}")


class ClientError(Exception):
    """A client's fault. Answered to that client, and to nobody else."""


class ProtocolError(ClientError):
    """
    A message outside the protocol that the client chose.

    Attributes:
        message: One sentence for the client; never contains a key.
        code: The protocol's own error code, or an empty string where it has none.
    """

    def __init__(self, message: str, *, code: str = "") -> None:
        self.message = message
        self.code = code
        super().__init__(message)
