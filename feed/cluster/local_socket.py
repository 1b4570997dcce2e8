"""A local socket that only its owner may connect to: where it is, and whose."""

from __future__ import annotations

import errno
import os
import socket
import stat
from pathlib import Path
from typing import Final

import attrs

from feed.errors import ConfigError
from feed.settings.cluster import UNIX

_OWNER_ALONE: Final = 0o600
_BACKLOG: Final = 64


def path_of(where: str) -> Path:
    """The path of a setting such as ``unix:/run/feed.sock``."""
    return Path(where.removeprefix(UNIX))


@attrs.frozen
class LocalSocket:
    """
    A socket at a path, on which others are awaited.

    Attributes:
        sock: It listens.
        path: Where.
        identity: Of what is there, which tells it from what another server has put there since.
    """

    sock: socket.socket
    path: Path
    identity: tuple[int, int]

    def close(self) -> None:
        """Let nobody in any more, and remove the path if it is still ours."""
        self.sock.close()
        try:
            if _identity(self.path) == self.identity:
                self.path.unlink()
        except OSError:
            pass  # it is gone, or will be found stale by the next server


def listen_at(path: Path, *, option: str) -> LocalSocket:
    """
    Listen at a path, where nobody else does; what a server that was killed has left there is replaced.

    Args:
        path: Where.
        option: That says so, for messages.
    Raises:
        ConfigError: Somebody listens there, or there can be no socket.
    """
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        try:
            sock.bind(str(path))
        except OSError as problem:
            if problem.errno != errno.EADDRINUSE:
                raise
            _remove_stale(path, option)
            sock.bind(str(path))
        path.chmod(_OWNER_ALONE)  # before anybody can connect: nobody listens yet
        sock.listen(_BACKLOG)
        sock.setblocking(False)
        return LocalSocket(sock, path, _identity(path))
    except ConfigError:
        sock.close()
        raise
    except OSError as problem:
        sock.close()
        reason = problem.strerror or str(problem)
        raise ConfigError(f"cannot listen at {path} ({reason})", where=option) from None


def _identity(path: Path) -> tuple[int, int]:
    """What tells a file from a later one, which may have been given its number."""
    found = path.lstat()
    return found.st_ino, found.st_mtime_ns


def _remove_stale(path: Path, option: str) -> None:
    """
    Remove a socket on which nobody listens.

    Raises:
        ConfigError: It is no socket, or somebody does.
        OSError: It cannot be removed.
    """
    if not stat.S_ISSOCK(path.lstat().st_mode):
        raise ConfigError(f"{path} is there, and is no socket", where=option, hint="name another path")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
        except BlockingIOError:
            pass  # its backlog is full
    raise ConfigError(
        f"a server listens at {path} already", where=option, hint="stop it, or name another path"
    )


def is_absent(problem: OSError) -> bool:
    """Whether connecting failed since nobody listens there."""
    return problem.errno in (errno.ENOENT, errno.ECONNREFUSED)


def reason_of(problem: OSError) -> str:
    """Why connecting failed, in a few words."""
    return problem.strerror or os.strerror(problem.errno or 0)
