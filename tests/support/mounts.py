"""File systems of a process's own: a small one that fills up, and one that can only be read."""

import shutil
import subprocess
from pathlib import Path

import pytest

MOUNT = """mount -t tmpfs -o "size=$1" tmpfs "$2" && mount -o "remount,$3" "$2" && shift 3 && exec "$@" """


def on_tmpfs(folder, size, access="rw"):
    """
    The beginning of a command line: the rest runs with a file system of its own at ``folder``.

    Skips the test where this may not be done.

    Args:
        folder: An empty one; others see nothing in it.
        size: Such as ``8m``.
        access: ``rw``, or ``ro`` for one that nobody can write to.
    """
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("unshare is not installed")
    alone = [unshare, "--user", "--map-root-user", "--mount"]
    begin = [*alone, "sh", "-c", MOUNT, "sh", size, str(folder), access]
    tried = subprocess.run([*begin, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"no file system may be mounted here: {tried.stderr.strip()}")
    return begin


def seen_by(process, folder):
    """The folder as a process sees it."""
    return Path(f"/proc/{process.pid}/root{folder}")


def fill(folder):
    """Leave no room on a file system; the file that takes it all."""
    ballast = Path(folder, "ballast")
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                pass
    return ballast
