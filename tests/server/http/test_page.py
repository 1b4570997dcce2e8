"""The page in the browser: who is shown it, what goes with it, and what is kept away from it."""

import html
import json
import re

import pytest
from asking import KEY, ask, head

from feed import Settings
from feed.dialects.discovery import dialects
from feed.server.http.page import assets, reads_html
from feed.server.router import ListenerConfig
from feed.settings import Web

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"}


def told(page):
    """What the page says of its server."""
    return json.loads(html.unescape(re.search(r'data-server="([^"]*)"', page.decode())[1]))


@pytest.mark.parametrize(
    ("accept", "shown"),
    [
        (BROWSER["Accept"], True),
        ("text/html", True),
        ("TEXT/HTML ; q=0.1", True),
        ("text/html;q=0.0, */*", False),
        ("application/json, text/plain, */*", False),
        ("application/json, text/html", False),
        ("text/html, application/json", True),
        ("*/*", False),
        ("text/*", False),
        ("", False),
    ],
)
def test_a_browser_names_html(accept, shown):
    """What takes anything is a program, and so is what would rather have JSON."""
    assert reads_html(accept) is shown


async def test_a_browser_is_shown_the_page(server):
    """With the files that it is made of below its version, and no word of any other host."""
    status, headers, page = await ask(server.connect(), "/", **BROWSER)
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (headers["cache-control"], headers["vary"].split(", ")[0]) == ("no-cache", "Accept")
    text = page.decode()
    assert f"/page/{assets().version}/main.js" in text
    assert "$" not in text
    assert re.findall(r"[a-z]+://", text) == []
    assert re.findall(r"<script(?![^>]*\bsrc=)|\bstyle=|\bon[a-z]+=", text) == []


async def test_files_of_the_page_are_kept_for_good(server):
    """Each by its kind, as long as their version is that of the page."""
    client = server.connect()
    kinds = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "svg": "image/svg+xml"}
    for name, content in assets().files.items():
        status, headers, body = await ask(client, f"/page/{assets().version}/{name}")
        assert (status, body) == (200, content)
        assert headers["content-type"] == kinds[name.rpartition(".")[2]]
        assert headers["cache-control"] == "public, max-age=31536000, immutable"
        status, _, _ = await ask(client, f"/page/0123456789abcdef/{name}")
        assert status == 404
    for name in ("index.html", "__init__.py", "PAGE.md", "nothing.js"):
        assert (await ask(client, f"/page/{assets().version}/{name}"))[0] == 404


async def test_files_may_stand_in_folders(open_server, tmp_path, monkeypatch):
    """One level of them; what stands nowhere is not there, and there is no way out."""
    for name in ("index.html", "main.js", "book/levels.js", "book/deep/x.js", "book/notes.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(name)
    monkeypatch.setattr("feed.server.http.page.resources.files", lambda _: tmp_path)
    made = assets.__wrapped__()
    assert sorted(made.files) == ["book/levels.js", "main.js"]
    monkeypatch.setattr("feed.server.http.page.assets", lambda: made)
    async with open_server() as server:
        client = server.connect()
        at = f"/page/{made.version}"
        status, headers, body = await ask(client, f"{at}/book/levels.js")
        assert (status, body) == (200, b"book/levels.js")
        assert headers["content-type"] == "text/javascript; charset=utf-8"
        for name in (
            "book/notes.md",
            "book/deep/x.js",
            "../main.js",
            "book/../main.js",
            "%2e%2e/main.js",
            "book",
        ):
            assert (await ask(client, f"{at}/{name}"))[0] == 404, name


@pytest.mark.parametrize("file", [False, True])
async def test_the_browser_is_told_to_let_nobody_else_in(server, file):
    """No script but the server's own, no other host, no frame around it, no guessing of kinds."""
    path = f"/page/{assets().version}/{next(iter(assets().files))}" if file else "/"
    _, headers, _ = await ask(server.connect(), path, **BROWSER)
    policy = dict(one.split(" ", 1) for one in headers["content-security-policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        **dict.fromkeys(("script-src", "style-src", "img-src", "connect-src"), "'self'"),
        **dict.fromkeys(("base-uri", "form-action", "frame-ancestors"), "'none'"),
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"


@pytest.mark.parametrize(
    ("path", "method", "accept"),
    [
        ("/", "GET", "*/*"),
        ("/", "HEAD", "*/*"),
        ("/", "POST", BROWSER["Accept"]),
        ("/?market=BTC-USD", "GET", BROWSER["Accept"]),
        ("/?key=mk", "GET", BROWSER["Accept"]),
    ],
)
async def test_programs_get_what_they_got_before(server, path, method, accept):
    """To the byte what is said where there is no page: that a WebSocket is spoken there."""
    client = server.connect()
    await client.send_bytes(head(path, method=method, Accept=accept))
    status, _, body = await client.answer()
    plain = server.connect()
    await plain.send_bytes(head("/tradyn"))
    assert status == 426
    assert (status, body) == ((await plain.answer())[0], body)
    assert body["error"]["message"] == "This path speaks WebSocket; send an upgrade request"


async def test_a_program_is_told_the_same_on_a_connection_that_it_keeps(server):
    """As on its first request; the connection goes on."""
    client = server.connect()
    assert (await ask(client, "/healthz"))[0] == 200
    status, headers, body = await ask(client, "/")
    assert (status, headers["upgrade"]) == (426, "websocket")
    fresh = server.connect()
    await fresh.send_bytes(head("/"))
    assert body == (await fresh.answer())[2]
    assert (await ask(client, "/", **BROWSER))[0] == 200


async def test_a_head_without_a_body_is_answered(server):
    """A browser may ask for the headers alone."""
    status, headers, body = await ask(server.connect(), "/", method="HEAD", **BROWSER)
    assert (status, body) == (200, b"")
    assert int(headers["content-length"]) > 0


@pytest.mark.parametrize("file", [False, True])
async def test_a_page_that_has_rebound_its_name_gets_nothing(server, file):
    """It asks by its own name (DNS rebinding), or says its own origin."""
    path = f"/page/{assets().version}/{next(iter(assets().files))}" if file else "/"
    for headers in ({"Host": "evil.test"}, {"Origin": "http://evil.test"}, {"Origin": "null"}):
        status, answered, body = await ask(server.connect(), path, **(BROWSER | headers))
        assert (status, body["error"]["code"]) == (403, "forbidden")
        assert "access-control-allow-origin" not in answered


async def test_the_demo_keys_are_told_where_they_work(open_server):
    """By protocol, with what signs; to nobody on another machine, and not where there are none."""
    async with open_server() as server:
        demo = told((await ask(server.connect(), "/", **BROWSER))[2])["demo"]
        assert demo[""]["key"] == KEY
        assert {name for name in demo if name} <= set(dialects())
        assert {"secret"} <= set(demo["binance" if "binance" in demo else ""])
        far = server.connect(peer="192.168.1.9", local="192.168.1.5")
        assert told((await ask(far, "/", **(BROWSER | {"Host": "192.168.1.5"})))[2])["demo"] == {}
    async with open_server(Settings(demo_keys=False)) as server:
        assert told((await ask(server.connect(), "/", **BROWSER))[2])["demo"] == {}


async def test_the_page_knows_what_is_spoken(server):
    """Which protocols there are, so that it offers no others, and of which files it is made."""
    known = told((await ask(server.connect(), "/", **BROWSER))[2])
    assert known["protocols"] == list(dialects())
    assert known["version"] == assets().version


async def test_a_port_of_one_protocol_has_no_page(server):
    """Its own root is the protocol's there, to a browser too."""
    for name, dialect in dialects().items():
        client = server.connect(config=ListenerConfig(dialect=dialect))
        await client.send_bytes(head("/", Connection="close", **BROWSER))
        status, headers = await client.head()
        assert (status, headers["content-type"]) == (404 if dialect.prefixed else 426, "application/json"), (
            name
        )


async def test_files_of_the_page_do_not_count_as_requests(open_server):
    """A page of many files leaves the quota of its address to programs."""
    async with open_server(Settings(web=Web(requests_per_second=1))) as server:
        client = server.connect()
        for _ in range(5):
            assert (await ask(client, "/", **BROWSER))[0] == 200
