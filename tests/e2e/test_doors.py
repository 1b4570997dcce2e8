"""The doors of a real server: who comes in, who is thrown out, and what a rude client leaves behind."""

import json
import re
import signal
import socket
import stat
import time
import urllib.error
import urllib.request

import pytest
from clients import BINARY, CLOSE, KEY, PING, PONG, TEXT, frame, request
from ports import free_port
from processes import PATIENCE_SECONDS

pytestmark = pytest.mark.e2e

AI_KEY = "mk_live_abc123..."
STOPPED_SECONDS = 5


class Raw:
    """A socket after the handshake, read frame by frame; it answers nothing by itself."""

    def __init__(self, url, path, **headers):
        host, port = url.removeprefix("ws://").split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=PATIENCE_SECONDS)
        self.socket.sendall(request(path, **headers))
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        self.status = int(head.split()[1])

    def say(self, message):
        """Send an object as JSON."""
        self.socket.sendall(frame(TEXT, json.dumps(message).encode()))

    def heard(self):
        """The next message, from JSON."""
        return json.loads(self.until(TEXT)[1])

    def _more(self):
        data = self.socket.recv(65536)
        if not data:
            raise EOFError
        self.buffer += data

    def frame(self):
        """Opcode and payload of the next frame."""
        while len(self.buffer) < 2:
            self._more()
        size, at = self.buffer[1] & 0x7F, 2
        if size >= 126:
            at = 4 if size == 126 else 10
            while len(self.buffer) < at:
                self._more()
            size = int.from_bytes(self.buffer[2:at], "big")
        while len(self.buffer) < at + size:
            self._more()
        opcode, payload = self.buffer[0] & 0x0F, self.buffer[at : at + size]
        self.buffer = self.buffer[at + size :]
        return opcode, payload

    def until(self, *opcodes):
        """The next frame of one of these kinds."""
        while (found := self.frame())[0] not in opcodes:
            pass
        return found


def status(url, path, **headers):
    """What a handshake is answered with."""
    client = Raw(url, path, **headers)
    client.socket.close()
    return client.status


def ask(url, path, data=None, **headers):
    """Status and text of an answer by HTTP."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    call = urllib.request.Request(url.replace("ws", "http", 1) + path, data, names)
    try:
        with urllib.request.urlopen(call, timeout=PATIENCE_SECONDS) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as problem:
        with problem:
            return problem.code, problem.read().decode()


def said(process):
    """The output of a command that ends well."""
    code, output = process.rest()
    assert code == 0, process.errors
    return "".join(output).strip()


def stopped(server):
    """Exit code and what was logged, after SIGTERM."""
    server.process.send_signal(signal.SIGTERM)
    code, _ = server.rest()
    return code, server.errors


def test_pings_behind_an_ending_leave_nothing_in_the_log(serve):
    """Two hundred connections, each with one write of a binary frame and pings: 1003, and not a line."""
    server, url = serve()
    clients = [Raw(url, "/tradyn") for _ in range(200)]
    for client in clients:
        client.socket.sendall(frame(BINARY, b"?") + frame(PING, b"are you there") * 20)
    for client in clients:
        assert client.until(CLOSE)[1][:2] == (1003).to_bytes(2, "big")
        client.socket.sendall(frame(PING, b"and now") * 5 + frame(CLOSE, (1003).to_bytes(2, "big")))
        client.socket.close()
    assert ask(url, "/healthz")[0] == 200
    code, log = stopped(server)
    assert code == 0
    assert not re.search("Traceback|LocalProtocolError|bug", log), log


def test_a_header_that_announces_too_much_is_answered_at_once(serve):
    """2^62 bytes are not waited for."""
    _, url = serve()
    client = Raw(url, "/ws")
    client.socket.sendall(b"\x81\xff" + (1 << 62).to_bytes(8, "big"))
    assert client.until(CLOSE)[1][:2] == (1009).to_bytes(2, "big")
    client.socket.close()


def test_a_stopped_process_cuts_nobody_for_its_own_silence(serve, tmp_path):
    """SIGSTOP while every answer to a ping is on its way; all are still there when it goes on."""
    config = tmp_path / "feed.toml"
    config.write_text("[limits]\nping_seconds = 1.0\npong_seconds = 4.0\n")
    server, url = serve("--config", config)
    clients = [Raw(url, "/ws") for _ in range(40)]
    payloads = [client.until(PING)[1] for client in clients]
    server.process.send_signal(signal.SIGSTOP)
    for client, payload in zip(clients, payloads, strict=True):
        client.socket.sendall(frame(PONG, payload))
    time.sleep(STOPPED_SECONDS)  # this long the process must really stand still
    server.process.send_signal(signal.SIGCONT)
    assert [client.until(PING, CLOSE)[0] for client in clients] == [PING] * len(clients)
    for client in clients:
        client.socket.close()


@pytest.mark.parametrize("politely", [True, False])
def test_who_leaves_comes_back_at_once(serve, tmp_path, politely):
    """Thirty times, where one connection is allowed."""
    config = tmp_path / "feed.toml"
    config.write_text("[policies.marketai.basic]\nconnections = 1\n")
    _, url = serve("--config", config)
    for _ in range(30):
        client = Raw(url, f"/marketai?key={AI_KEY}")
        assert client.status == 101
        if politely:
            client.socket.sendall(frame(CLOSE, (1000).to_bytes(2, "big")))
            client.until(CLOSE)
        client.socket.close()


def test_demo_keys_stay_within_the_machine(serve, feed):
    """A port that others can reach knows none of them; to ask for them there is refused, with the reason."""
    port = free_port("0.0.0.0")
    _, url = serve("--listen", f"marketai=0.0.0.0:{port}")
    assert status(url, f"/marketai?key={AI_KEY}") == 101
    assert status(f"ws://127.0.0.1:{port}", f"/?key={AI_KEY}") == 401
    refused = feed("serve", "--host", "0.0.0.0", "--port", 0, "--demo-keys")
    assert refused.rest()[0] == 2
    reason = "everybody knows these keys, and other machines can reach --host 0.0.0.0"
    assert refused.errors.startswith(f"feed: --demo-keys: {reason}; leave it out")


def test_the_admin_has_a_key_of_its_own(serve, tmp_path):
    """Printed once, or in a file that only its owner reads; the printed demo key pauses nothing."""
    pause = b'{"action":"pause"}'
    server, url = serve()
    line = server.line()
    while "admin key" not in line:
        line = server.line()
    key = line.split()[-1]
    assert ask(url, "/admin/clock", pause, X_API_Key=KEY)[0] == 403
    assert ask(url, "/admin/clock", pause, X_API_Key=key, Origin="https://evil.example")[0] == 403
    assert ask(url, "/admin/clock", pause, X_API_Key=key)[0] == 200
    _, log = stopped(server)
    assert key not in log

    path = tmp_path / "admin.key"
    for _ in range(2):  # made, then read
        server, url = serve("--admin-key", path)
        key = path.read_text().strip()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert ask(url, "/admin/clock", pause, X_API_Key=key)[0] == 200
        code, log = stopped(server)
        assert (code, key in log) == (0, False)


def test_a_name_in_the_hosts_file_is_all_that_public_data_needs(serve):
    """Whatever the name; orders and tokens want to know it."""
    _, url = serve("--allow-host", "api.rails.example")
    alias = {"Host": "api.securitypro.com"}
    assert ask(url, "/v1/market/ticker?symbol=BTC-USD", X_API_Key=KEY, **alias)[0] == 200
    secret = {"X_Api_Key": KEY, "X_Api_Secret": "demo-secret"}
    assert ask(url, "/api/v1/token", b"", **secret)[0] == 200
    assert ask(url, "/api/v1/token", b"", **secret, Host="api.rails.example")[0] == 200
    refusal, text = ask(url, "/api/v1/token", b"", **secret, **alias)
    assert refusal == 403
    assert "--allow-host api.securitypro.com" in text


def test_keys_change_while_they_are_served(serve, feed, tmp_path):
    """Revoked, rotated, spoilt and mended: whoever stands on a key that is gone is closed."""
    path = tmp_path / "keys.toml"
    keys = {name: said(feed("keys", "add", path, "--name", name)) for name in ("desk", "other")}
    server, url = serve("--keys", path)

    def opened(key):
        client = Raw(url, "/tradyn")
        client.until(TEXT)
        client.say({"type": "auth", "apiKey": key})
        assert client.heard()["success"]
        return client

    desk, other = opened(keys["desk"]), opened(keys["other"])
    said(feed("keys", "revoke", path, "--name", "desk"))
    assert desk.until(CLOSE)[1] == (1008).to_bytes(2, "big") + b"The key is not valid any more"

    new = said(feed("keys", "rotate", path, "--name", "other", "--overlap", "1h"))
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: ask(url, "/v1/market/ticker?symbol=BTC-USD", X_API_Key=new)[0] == 200)
    assert ask(url, "/v1/market/ticker?symbol=BTC-USD", X_API_Key=keys["other"])[0] == 200

    good = path.read_text()
    path.write_text("[[key]]\nname =\n")
    wait_until(lambda: "keys file not taken over" in server.errors)
    assert ask(url, "/v1/market/ticker?symbol=BTC-USD", X_API_Key=new)[0] == 200
    path.write_text(good)
    other.say({"type": "list"})
    assert other.heard()["type"] == "subscriptions"
    for client in (desk, other):
        client.socket.close()
    code, log = stopped(server)
    assert (code, "Traceback" in log) == (0, False)


def test_a_page_that_was_pointed_here_gets_no_orders_in(serve):
    """Its name gives it away in the handshake."""
    _, url = serve()
    headers = {"Sec_WebSocket_Protocol": "authorization#a.b.c"}
    assert status(url, "/?market=BTC-USD", **headers) == 401
    assert status(url, "/?market=BTC-USD", **headers, Origin="http://rebound.example") == 403
    assert status(url, "/?market=BTC-USD", **headers, Host="rebound.example") == 403


def wait_until(done):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)
