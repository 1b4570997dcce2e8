"""The path at which a sequencer listens: its owner's alone, and no other server's."""

import socket
import stat

import pytest

from feed.cluster.local_socket import listen_at, path_of
from feed.errors import ConfigError


def connects(path):
    with socket.socket(socket.AF_UNIX) as sock:
        try:
            sock.connect(str(path))
        except OSError:
            return False
    return True


def test_only_its_owner_may_connect(tmp_path):
    """The path has no rights for others; once closed, it is gone."""
    path = path_of(f"unix:{tmp_path}/feed.sock")
    found = listen_at(path, option="--log")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert connects(path)
    found.close()
    assert not path.exists()


def test_what_a_killed_server_has_left_is_replaced(tmp_path):
    """Nobody listens there."""
    path = tmp_path / "feed.sock"
    listen_at(path, option="--log").sock.close()
    assert path.exists()
    found = listen_at(path, option="--log")
    assert connects(path)
    found.close()


def test_a_server_that_lives_is_left_alone(tmp_path):
    """The error says what to do."""
    path = tmp_path / "feed.sock"
    found = listen_at(path, option="--log")
    with pytest.raises(ConfigError) as problem:
        listen_at(path, option="--log")
    assert str(problem.value) == (f"--log: a server listens at {path} already; stop it, or name another path")
    assert connects(path)
    found.close()


def test_one_whose_backlog_is_full_lives_too(tmp_path):
    """It is not taken for dead because it is busy."""
    path = tmp_path / "feed.sock"
    found = listen_at(path, option="--log")
    waiting = []
    for _ in range(200):
        sock = socket.socket(socket.AF_UNIX)
        sock.setblocking(False)
        waiting.append(sock)
        try:
            sock.connect(str(path))
        except BlockingIOError:
            break
    with pytest.raises(ConfigError, match="a server listens"):
        listen_at(path, option="--log")
    for sock in waiting:
        sock.close()
    found.close()


def test_a_file_is_not_removed(tmp_path):
    """Whatever it is, it is no socket of ours."""
    path = tmp_path / "feed.sock"
    path.write_text("diary")
    with pytest.raises(ConfigError) as problem:
        listen_at(path, option="--log")
    assert str(problem.value) == f"--log: {path} is there, and is no socket; name another path"
    assert path.read_text() == "diary"


@pytest.mark.parametrize(
    ("name", "reason"),
    [("away/feed.sock", "No such file or directory"), (100 * "long/" + "feed.sock", "AF_UNIX path too long")],
)
def test_where_there_can_be_no_socket_it_says_why(tmp_path, name, reason):
    """In one line, with the option."""
    path = tmp_path / name
    with pytest.raises(ConfigError) as problem:
        listen_at(path, option="--log")
    assert str(problem.value) == f"--log: cannot listen at {path} ({reason})"


def test_the_path_of_a_successor_is_not_removed(tmp_path):
    """A server that ends late leaves the socket of who came after it alone."""
    path = tmp_path / "feed.sock"
    first = listen_at(path, option="--log")
    first.sock.close()
    path.unlink()
    second = listen_at(path, option="--log")
    first.close()
    assert connects(path)
    second.close()
