"""A data folder as its operator meets it: what goes on, what is refused, and in which words."""

import hashlib
import json
import shutil
import signal
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
import websockets.sync.client
from mounts import fill, on_tmpfs, seen_by
from processes import PATIENCE_SECONDS

from feed.settings import DEMO_KEY, DEMO_SECRET

pytestmark = pytest.mark.e2e

SMALL = ("--instruments", 5)
ID = "0835bf3e-4a20-41f0-908d-8213f2b7a{:03}"


@contextmanager
def trader(url):
    """A connection that orders, by the first protocol that has tokens."""
    request = urllib.request.Request(
        f"{url.replace('ws:', 'http:')}/api/v1/token",
        method="POST",
        headers={"X-Api-Key": DEMO_KEY, "X-Api-Secret": DEMO_SECRET},
    )
    with urllib.request.urlopen(request) as answer:
        token = json.load(answer)["access_token"]
    with websockets.sync.client.connect(
        f"{url}/rails?market=BTC-USD", subprotocols=[f"authorization#{token}"], close_timeout=0.2
    ) as socket:
        yield socket


def order(socket, number):
    """The first status of the answer to an order that rests."""
    content = {"orderType": "buy", "tradeType": "limit", "price": "50000.00", "quantity": "0.0100"}
    content["clientRequestId"] = ID.format(number)
    socket.send(json.dumps({"message": "createOrder", "content": content}))
    while True:
        message = json.loads(socket.recv(PATIENCE_SECONDS))
        if message["data"].get("clientRequestId") == ID.format(number):
            return message["data"]["statusCode"]


def get(url, path):
    with urllib.request.urlopen(f"{url.replace('ws:', 'http:')}{path}") as answer:
        return json.load(answer)


def test_a_full_disk_refuses_orders_until_there_is_room(serve, tmp_path):
    """503 for who orders, the reason at /healthz, the market goes on; with room again orders act."""
    folder = tmp_path / "data"
    folder.mkdir()
    server, url = serve("--data", folder, *SMALL, begin=on_tmpfs(folder, "8m"))
    with trader(url) as socket:
        assert order(socket, 0) == 202
        ballast = fill(seen_by(server.process, folder))
        # What is left of the last page of a file still takes a few.
        numbers = iter(range(1, 900))
        assert any(order(socket, number) == 503 for number in numbers)
        health = get(url, "/healthz")
        before = get(url, "/readyz")["seq"]
        deadline = time.monotonic() + 3 * PATIENCE_SECONDS
        while get(url, "/readyz")["seq"] <= before:
            assert time.monotonic() < deadline
        ballast.unlink()
        while order(socket, next(numbers)) == 503:
            assert time.monotonic() < deadline
    assert health["status"] == "degraded"
    assert "No space left on device" in health["problems"][0]


def test_a_folder_that_can_only_be_read_is_one_line(feed, tmp_path):
    """Nothing is served from a folder that would keep nothing."""
    folder = tmp_path / "data"
    folder.mkdir()
    process = feed("serve", "--port", 0, "--data", folder, begin=on_tmpfs(folder, "1m", "ro"))
    code, lines = process.rest(3 * PATIENCE_SECONDS)
    assert (code, lines) == (2, [])
    assert process.errors == (
        f"feed: --data: cannot use {folder} (Read-only file system); it must be possible to write to it\n"
    )


# Each as a process of its own would say it; one process has to be started for all of them.
ONE_AFTER_ANOTHER = """
import json, sys
from feed.cli.main import main
for arguments in json.loads(sys.argv[1]):
    assert main(["serve", "--port", "0", *arguments]) == 2
"""


def test_what_cannot_be_served_is_one_line(serve, run, tmp_path):
    """Of each folder that is no good, or in use, or another market's: what, where, and what to do."""
    made = tmp_path / "made"
    _, url = serve("--data", made, *SMALL)
    with trader(url) as socket:
        assert {order(socket, number) for number in range(3)} == {202}
    copies = {name: tmp_path / name for name in ("engine", "damaged", "headless")}
    for copy in copies.values():
        shutil.copytree(made, copy)
    first, second, _ = (made / "manifest").read_bytes().splitlines(keepends=True)
    lines = [first.replace(b'"engine":"', b'"engine":"0'), second]
    lines.append(b'{"sha256":"%s"}\n' % hashlib.sha256(b"".join(lines)).hexdigest().encode())
    (copies["engine"] / "manifest").write_bytes(b"".join(lines))
    [log] = copies["damaged"].glob("log-*")
    content = bytearray(log.read_bytes())
    content[len(content) // 2] ^= 1
    log.write_bytes(content)
    (copies["headless"] / "manifest").unlink()
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "todo.txt").write_text("milk")
    cases = {
        made: "another server uses it; stop that one, or name another folder",
        Path("/dev/full"): "is no folder; name another",
        tmp_path / "notes": "is no data folder, and not empty; name another one",
        copies["engine"]: "is of another version of the market",
        copies["damaged"] / log.name: "damaged at byte ",
        copies["headless"]
        / "manifest": "is missing, and the rest of a data folder is there; put back a copy",
    }
    folders = [path.parent if path.parent in copies.values() else path for path in cases]
    tried = run(
        sys.executable, "-c", ONE_AFTER_ANOTHER, json.dumps([["--data", str(one)] for one in folders])
    )
    assert tried.rest(3 * PATIENCE_SECONDS) == (0, [])
    told = tried.errors.splitlines()
    expected = [f"feed: {path}: {complaint}" for path, complaint in cases.items()]
    assert [line[: len(start)] for line, start in zip(told, expected, strict=True)] == expected


def test_catching_up_ends_when_asked(serve, feed, tmp_path):
    """Ctrl-C is heard while the downtime is computed, before anybody is let in."""
    folder = tmp_path / "data"
    options = ("--data", folder, "--instruments", 3, "--speed", 20_000)
    server, _ = serve(*options)
    server.process.kill()
    server.process.wait()
    again = feed("serve", "--port", 0, *options)
    deadline = time.monotonic() + 3 * PATIENCE_SECONDS
    while f":{folder.stat().st_ino} " not in Path("/proc/locks").read_text():  # it has opened the folder
        assert time.monotonic() < deadline
        time.sleep(0.01)
    again.process.send_signal(signal.SIGINT)
    assert again.rest(3 * PATIENCE_SECONDS) == (0, [])
    assert "Traceback" not in again.errors
