"""Where a log in Redis is, as an operator writes it: its parts, and never its password where it is shown."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, urlsplit

import attrs

from feed.errors import ConfigError

PLAIN: Final = "redis"
ENCRYPTED: Final = "rediss"
_PORT: Final = 6379
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_DATABASE: Final = re.compile(r"[0-9]{1,5}", re.ASCII)
_FORM: Final = (
    "write redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]/NAME, or rediss:// for TLS; "
    "%2F for a / in the password"
)


@attrs.frozen(kw_only=True)
class RedisUrl:
    """
    Where a log in Redis is.

    Attributes:
        host: The machine.
        port: Its port.
        name: Of the log; all its keys begin with it.
        database: Number of the database.
        user: Who connects; empty for the default user.
        password: Empty for none.
        encrypted: Whether by TLS.
    """

    host: str
    port: int = _PORT
    name: str
    database: int = 0
    user: str = attrs.field(default="", repr=False)
    password: str = attrs.field(default="", repr=False)
    encrypted: bool = False

    @property
    def where(self) -> str:
        """Host and name, as it is shown: without user and password."""
        scheme = ENCRYPTED if self.encrypted else PLAIN
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORT else f":{self.port}"
        database = f"/{self.database}" if self.database else ""
        return f"{scheme}://{host}{port}{database}/{self.name}"


def is_redis(text: str) -> bool:
    """Whether a setting names a log in Redis."""
    return text.startswith((f"{PLAIN}://", f"{ENCRYPTED}://"))


def parse_redis_url(text: str, *, option: str = "") -> RedisUrl:
    """
    The parts of such a URL: the last of its path is the name, one before it the database.

    Args:
        text: The URL.
        option: Where it stands, for messages.
    Raises:
        ConfigError: It is none. The message does not repeat it, since it may hold a password.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ConfigError("the URL of Redis is malformed", where=option, hint=_FORM) from None
    if parts.scheme not in (PLAIN, ENCRYPTED) or not parts.hostname:
        raise ConfigError("the URL of Redis names no host", where=option, hint=_FORM)
    if parts.query or parts.fragment:
        raise ConfigError("the URL of Redis takes no ? and no #", where=option, hint=_FORM)
    *database, name = parts.path.removeprefix("/").split("/")
    if not _NAME.fullmatch(name):
        raise ConfigError(
            "the URL of Redis must end in the name of the log: letters, digits, . _ -, at most 64",
            where=option,
            hint=_FORM,
        )
    if len(database) > 1 or not all(_DATABASE.fullmatch(one) for one in database):
        raise ConfigError(
            "before the name the URL of Redis may have a number of a database, no more",
            where=option,
            hint=_FORM,
        )
    return RedisUrl(
        host=parts.hostname,
        port=_PORT if port is None else port,
        name=name,
        database=int(database[0]) if database else 0,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        encrypted=parts.scheme == ENCRYPTED,
    )
