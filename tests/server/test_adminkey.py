"""The file of the key that steers the market."""

import errno
import os

import pytest

from feed.errors import ConfigError
from feed.server.adminkey import admin_key


def test_a_key_that_cannot_be_written_leaves_no_file(tmp_path, monkeypatch):
    """An empty one would stop the next start, although there is room again."""
    path = tmp_path / "admin.key"

    class Full:
        def __init__(self, descriptor, *_, **__):
            self.descriptor = descriptor

        def __enter__(self):
            return self

        def __exit__(self, *_):
            os.close(self.descriptor)

        def write(self, _):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as full:
        full.setattr(os, "fdopen", Full)
        with pytest.raises(ConfigError, match="cannot be written: No space left on device"):
            admin_key(path, bytes)
    assert not path.exists()
    assert admin_key(path, bytes) == path.read_text(encoding="ascii").strip()
