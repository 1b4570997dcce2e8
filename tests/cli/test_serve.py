"""From the options of ``feed serve`` to settings, and from settings to a server."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import attrs
import pytest
import structlog
import trio
from hypothesis import given
from hypothesis import strategies as st

from feed import Limits, Settings
from feed.cli import serve as module
from feed.cli import values
from feed.cluster.edge import check
from feed.errors import ConfigError
from feed.settings import Listen, Tls, Web


@pytest.fixture
def settings_of(run, monkeypatch):
    """The settings that a command line would serve with."""

    def parse(*arguments, **environment):
        served = []
        monkeypatch.setattr(module, "run", served.append)
        assert run("serve", *arguments, **environment) == (0, "", "")
        return served.pop().settings

    return parse


@pytest.fixture
def server(monkeypatch):
    """Puts a function in the place of the server, and takes the logs' configuration back."""

    def replace(serve):
        fake = SimpleNamespace(serve_in_foreground=serve)
        monkeypatch.setitem(sys.modules, "feed.cli.foreground", fake)

    yield replace
    structlog.reset_defaults()


# --- options ---------------------------------------------------------------------------------------


def test_no_options_are_the_default_settings(settings_of):
    """The command line has no defaults of its own."""
    assert settings_of() == Settings()


@pytest.mark.parametrize(
    ("arguments", "changes", "limits"),
    [
        (["--host", "0.0.0.0"], {"host": "0.0.0.0"}, {}),
        (["--port", "0", "--port-file", "feed.port"], {"port": 0, "port_file": Path("feed.port")}, {}),
        (["--scenario", "burst"], {"scenario": "burst"}, {}),
        (["--until", "90s"], {"until": "90s"}, {}),
        (["--lockstep"], {"lockstep": True}, {}),
        (["--wait-clients", "2"], {"wait_clients": 2}, {}),
        (["--record", "a.feed.zst"], {"record": Path("a.feed.zst")}, {}),
        (["--seed", "7"], {"seed": 7}, {}),
        (["--start", "now"], {"start": None}, {}),
        (["--start", "2024-03-06T16:20:00Z"], {"start": 1_709_742_000_000_000_000}, {}),
        (["--start", "2024-03-06T17:20:00.000001+01:00"], {"start": 1_709_742_000_000_001_000}, {}),
        (["--speed", "2.5"], {"speed": 2.5}, {}),
        (["--speed", "max"], {"speed": 0.0}, {}),
        (["--instruments", "500"], {"instruments": 500}, {}),
        (["--keys", "keys.toml"], {"keys": Path("keys.toml")}, {}),
        (["--no-demo-keys"], {"demo_keys": False}, {}),
        (["--log-format", "json"], {"log_format": "json"}, {}),
        (
            ["--listen", "tradyn=127.0.0.1:8083", "--listen", "rails=[::1]:0"],
            {"listen": (Listen("tradyn", "127.0.0.1", 8083), Listen("rails", "::1", 0))},
            {},
        ),
        (
            ["--allow-origin", "https://a.example", "--allow-origin", "*"],
            {"allow_origin": ("https://a.example", "*")},
            {},
        ),
        (
            ["--tls-cert", "a.pem", "--tls-key", "b.pem"],
            {"tls": Tls(cert=Path("a.pem"), key=Path("b.pem"))},
            {},
        ),
        (
            ["--tls-self-signed", "--tls-ca", "ca.pem", "--tls-name", "a.example"],
            {"tls": Tls(self_signed=True, ca=Path("ca.pem"), names=("a.example",))},
            {},
        ),
        (
            ["--http-rate", "5", "--admin-anywhere"],
            {"web": Web(requests_per_second=5, admin_anywhere=True)},
            {},
        ),
        (["--auth-timeout", "1.5"], {}, {"auth_seconds": 1.5}),
        (["--max-connections", "7"], {}, {"connections": 7}),
        (["--max-connections-per-address", "3"], {}, {"connections_per_address": 3}),
    ],
)
def test_an_option_changes_its_setting_and_no_other(settings_of, arguments, changes, limits):
    """Each option fills the one field it is named after."""
    assert settings_of(*arguments) == attrs.evolve(Settings(), limits=Limits(**limits), **changes)


def test_the_environment_stands_in_for_options(settings_of):
    """``FEED_`` and the option's name; the option itself wins."""
    settings = settings_of("--seed", "9", FEED_PORT="0", FEED_SEED="8", FEED_SPEED="max", FEED_DEMO_KEYS="no")
    assert settings == Settings(port=0, seed=9, speed=0, demo_keys=False)


@pytest.mark.parametrize(
    "option",
    [option for option in module.serve.params if option.name != "config"],
    ids=lambda option: option.name,
)
def test_every_option_says_what_it_is(run, option):
    """Help shows its meaning, a unit or form, and its default."""
    *_, text = " ".join(run("serve", "--help")[1].split()).partition(f" {option.opts[0]} ")
    text, *_ = text.partition("]")
    assert option.help in text.replace("- ", "-")
    assert "default: " in text
    assert option.envvar == f"FEED_{option.opts[0].removeprefix('--').replace('-', '_').upper()}"
    assert option.is_flag or text.startswith(f"{option.metavar} ")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--port", "-1"], "--port: must be >= 0: -1"),
        (["--port", "65536"], "--port: must be <= 65535: 65536"),
        (["--port", "http"], "--port: 'http' is not a valid integer"),
        (["--seed", "-1"], "--seed: must be >= 0: -1"),
        (["--instruments", "0"], "--instruments: must be >= 1: 0"),
        (["--start", "soon"], "--start: 'soon' is not a time such as 2024-03-06T16:20:00Z, nor now"),
        (["--start", "1969-12-31T23:59:59Z"], "--start: must be >= 0: -1000000000"),
        (["--speed", "0"], "--speed: '0' is neither a number above 0 nor max"),
        (["--speed", "1e308"], "--speed: '1e308' is above 1000000; max is as fast as possible"),
        (["--speed", "nan"], "--speed: 'nan' is neither a number above 0 nor max"),
        (["--auth-timeout", "0"], "--auth-timeout: must be > 0: 0.0"),
        (["--auth-timeout", "inf"], "--auth-timeout: 'inf' is not a number of seconds"),
        (["--max-connections", "0"], "--max-connections: must be >= 1: 0"),
        (["--http-rate", "0"], "--http-rate: must be >= 1: 0"),
        *(
            (
                ["--listen", value],
                f"--listen: {value!r} is not PROTOCOL=HOST:PORT, such as tradyn=127.0.0.1:8083",
            )
            for value in ("8083", "tradyn=8083", "tradyn=127.0.0.1", "tradyn=127.0.0.1:70000", "=a:b")
        ),
        (["--log-format", "xml"], "--log-format: must be in ('text', 'json') (got 'xml')"),
    ],
)
def test_a_bad_value_is_one_line(run, arguments, complaint):
    """The option, what is wrong and where to look; exit code 2."""
    assert run("serve", *arguments) == (2, "", f"feed: {complaint}; see feed serve --help\n")


def test_a_bad_variable_is_named(run):
    """The operator who typed no option is told which variable to look at."""
    complaint = "feed: FEED_PORT: must be >= 0: -1; see feed serve --help\n"
    assert run("serve", FEED_PORT="-1") == (2, "", complaint)


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001
def test_market_time_is_exact(moment):
    """Every microsecond of ISO-8601 arrives as its own integer nanoseconds; no zone means UTC."""
    start = values.market_time(moment.isoformat())
    assert start % 1000 == 0
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=start // 1000) == moment.replace(
        tzinfo=UTC
    )
    assert values.market_time(f"{moment.isoformat()}Z") == start


# --- running ---------------------------------------------------------------------------------------


def test_the_server_gets_the_settings(run, server):
    """``serve`` runs under Trio with what was parsed; its return is exit code 0."""
    served = []

    async def serve(settings):
        await trio.lowlevel.checkpoint()
        served.append(settings)

    server(serve)
    assert run("serve", "--seed", "5") == (0, "", "")
    assert served == [Settings(seed=5)]


@pytest.mark.parametrize("wrap", [lambda error: error, lambda error: BaseExceptionGroup("nursery", [error])])
def test_an_early_interrupt_is_a_graceful_stop(run, server, wrap):
    """SIGINT before the server listens for it ends as SIGINT after: exit code 0."""

    async def serve(_):
        await trio.lowlevel.checkpoint()
        raise wrap(KeyboardInterrupt())

    server(serve)
    assert run("serve") == (0, "", "")


def test_a_mistake_that_the_server_finds_is_one_line(run, server):
    """A port in use, met inside a nursery, is told as any bad option."""

    async def serve(settings):
        async with trio.open_nursery():
            raise ConfigError("is in use", where=f"--port {settings.port}", hint="--port 0 takes a free one")

    server(serve)
    assert run("serve") == (2, "", "feed: --port 8080: is in use; --port 0 takes a free one\n")


def test_a_bad_keys_file_is_one_line(run, tmp_path):
    """The real server reads it before it listens, and its complaint comes out whole."""
    path = tmp_path / "keys.toml"
    path.write_text("[[key]\n", encoding="utf-8")
    code, out, err = run("serve", "--port", "0", "--keys", path)
    structlog.reset_defaults()
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"feed: {path}:1: is not TOML: ")


def test_a_missing_keys_file_is_one_line(run, tmp_path):
    """As a bad one."""
    path = tmp_path / "keys.toml"
    complaint = f"feed: {path}: cannot be read: No such file or directory\n"
    assert run("serve", "--port", "0", "--keys", path) == (2, "", complaint)
    structlog.reset_defaults()


def test_a_port_for_an_unknown_protocol_is_one_line(run):
    """It names those that there are."""
    complaint = "feed: --listen: there is no protocol 'ftp'; known are "
    code, out, err = run("serve", "--port", "0", "--listen", "ftp=127.0.0.1:0")
    structlog.reset_defaults()
    assert (code, out, err.count("\n"), err.startswith(complaint)) == (2, "", 1, True)


def test_a_bad_certificate_is_one_line(run, tmp_path):
    """Found before anything listens."""
    path = tmp_path / "cert.pem"
    complaint = f"feed: --tls-cert {path}: cannot be read: No such file or directory\n"
    assert run("serve", "--port", "0", "--tls-cert", path) == (2, "", complaint)
    structlog.reset_defaults()


# What a server that follows another is told all the same.
OF_AN_EDGE = {
    *("--host", "--port", "--port-file", "--listen", "--allow-origin", "--allow-host"),
    *("--keys", "--demo-keys", "--token-key", "--tls-cert", "--tls-key", "--tls-self-signed", "--tls-ca"),
    *("--tls-name", "--follow", "--auth-timeout", "--max-connections", "--max-connections-per-address"),
    *("--http-rate", "--log-format", "--log-level", "--log-messages", "--log-messages-of"),
    "--config",
}
# What only one with a market of its own is told, and a value.
OF_A_MARKET = {
    "--admin-anywhere": (),
    "--admin-key": ("admin.key",),
    "--at-end": ("loop",),
    "--data": ("data",),
    "--deflate": (),
    "--deposit": ("1",),
    "--downtime": ("skip",),
    "--instruments": ("3",),
    "--journal": ("journal.jsonl",),
    "--lockstep": (),
    "--log": ("unix:/run/other.sock",),
    "--new-history": (),
    "--no-recorded-orders": (),
    "--record": ("new.feed.zst",),
    "--recorded-cancels": ("ahead",),
    "--scenario": ("burst",),
    "--seed": ("0",),
    "--sessions": (),
    "--speed": ("2",),
    "--standby": (),
    "--start": ("2024-03-06T16:20:00Z",),
    "--sync": ("os",),
    "--until": ("90s",),
    "--wait-clients": ("1",),
    "--webhook-allow": ("127.0.0.0/8",),
    "--workers": ("2",),
}


@pytest.mark.parametrize("option", OF_A_MARKET)
def test_who_follows_is_told_nothing_of_a_market(settings_of, option):
    """Each option that would be passed over is refused by name."""
    settings = settings_of("--follow", "unix:/run/feed.sock", option, *OF_A_MARKET[option])
    with pytest.raises(
        ConfigError, match=f"--follow: it does not go with {option.replace('--no-recorded', '--recorded')}"
    ):
        check(settings)


def test_every_option_is_of_a_market_or_of_any_server():
    """A new one has to be named here."""
    options = {one.opts[0] for one in module.serve.params}
    assert options == OF_AN_EDGE | {option.replace("--no-recorded", "--recorded") for option in OF_A_MARKET}
