"""Programs of others, pointed at a server: by every URL setting that they have."""

import ast
import json

import pytest

from feed.dialects.discovery import client_urls, dialects
from feed.dialects.urls import place

PAIRS = [(client, protocol) for protocol, found in client_urls().items() for client in found]


def texts(value):
    """Every text in what JSON can say."""
    if isinstance(value, dict):
        for one in value.values():
            yield from texts(one)
    else:
        yield value


@pytest.mark.parametrize(
    ("url", "prefix", "http", "ws"),
    [
        ("http://127.0.0.1:8080", "/x", "http://127.0.0.1:8080/x", "ws://127.0.0.1:8080/x"),
        ("ws://127.0.0.1:8080/", "/x", "http://127.0.0.1:8080/x", "ws://127.0.0.1:8080/x"),
        ("wss://[::1]:9443/x", "/x", "https://[::1]:9443/x", "wss://[::1]:9443/x"),
        ("https://feed.example.com/behind/", "/x", "https://feed.example.com/behind/x", None),
        ("https://127.0.0.1:9443", "", "https://127.0.0.1:9443", "wss://127.0.0.1:9443"),
    ],
)
def test_a_place_is_had_from_any_url_of_a_server(url, prefix, http, ws):
    """Whatever its scheme, with the path of the protocol, which it may have already."""
    found = place(url, prefix)
    assert found.http == http
    assert found.ws == (ws or http.replace("http", "ws", 1))
    assert found.secure == http.startswith("https")


@pytest.mark.parametrize(("client", "protocol"), PAIRS)
@pytest.mark.parametrize(
    ("options", "bases"),
    [
        ([], ("http://127.0.0.1:8080/{}", "ws://127.0.0.1:8080/{}")),
        (
            ["--url", "https://feed.example.com", "--own-port"],
            ("https://feed.example.com", "wss://feed.example.com"),
        ),
    ],
)
def test_every_url_is_of_the_server(run, client, protocol, options, bases):
    """For programs and for people; nothing of what is told leads elsewhere."""
    path = dialects()[protocol].path.removeprefix("/")
    bases = tuple(base.format(path) for base in bases)
    code, out, err = run("urls", client, protocol, "--json", *options)
    told = json.loads(out)
    assert (code, err) == (0, "")
    assert (told["client"], told["protocol"]) == (client, protocol)
    urls = [text for text in texts(told["settings"]) if "://" in text]
    assert urls
    assert all(url.startswith(bases) for url in urls)
    assert all(one not in url.removeprefix("http") for url in urls for one in ("//api", "//stream"))
    code, pasted, notes = run("urls", client, protocol, *options)
    assert code == 0
    assert all(url in pasted for url in urls)
    assert notes.startswith("feed: ")
    assert told["release"] in notes


@pytest.mark.protocols("binance")
@pytest.mark.parametrize("client", ["ccxt", "python-binance", "cryptofeed", "unicorn"])
def test_what_is_to_be_pasted_into_a_program_is_python(run, client):
    """As it stands."""
    assert ast.parse(run("urls", client, "binance")[1]).body


@pytest.mark.protocols("binance")
def test_what_is_to_be_pasted_into_a_file_is_json(run):
    """Nothing that is secret is wanted in it."""
    config = json.loads(run("urls", "freqtrade", "binance")[1])
    assert list(config["exchange"]) == ["name", "ccxt_config"]
    assert list(config["exchange"]["ccxt_config"]["urls"]) == ["api", "test", "demo"]


@pytest.mark.protocols("binance")
def test_what_there_is_is_listed(run):
    """Each line is a command line; JSON for programs."""
    code, out, _ = run("urls")
    assert code == 0
    for line in out.splitlines():
        assert run(*line.partition("#")[0].split()[1:])[0] == 0
    assert json.loads(run("urls", "--json")[1])["binance"][0] == "ccxt"


@pytest.mark.protocols("binance")
@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("cxct", "binance"), "there is no client 'cxct' of binance; did you mean ccxt?"),
        (("cxct",), "there is no client 'cxct'; did you mean ccxt?"),
        (("ccxt", "binanse"), "there is no protocol 'binanse'; did you mean binance?"),
        (("ccxt", "binance", "--url", "8080"), "8080: no URL such as http://127.0.0.1:8080"),
        (("ccxt", "binance", "--url", "http://[::1"), "http://[::1: no URL such as http://127.0.0.1:8080"),
    ],
)
def test_what_there_is_not_is_one_line(run, words, complaint):
    """With what is near it."""
    assert run("urls", *words) == (2, "", f"feed: {complaint}\n")


@pytest.mark.protocols("binance")
def test_a_client_that_nothing_is_like_gets_the_list(run):
    """Of those that there are."""
    _, _, err = run("urls", "zzz", "binance")
    assert err.startswith("feed: there is no client 'zzz' of binance; known are ccxt, freqtrade, ")
