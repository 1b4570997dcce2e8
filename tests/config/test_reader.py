"""Files of settings: what they can say, and what is said of one that is wrong."""

from pathlib import Path

import pytest
from generated import others
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from feed.config.fields import leaves, value_of
from feed.config.reader import EffectiveSettings, effective, parse_settings, read_settings
from feed.config.writer import settings_text
from feed.dialects.marketai.policy import MarketAiPolicy, TierLimits
from feed.dialects.rails.policy import RailsPolicy
from feed.errors import ConfigError, ConfigErrors
from feed.policies import Policies
from feed.settings import Limits, Listen, Settings, Tls

FOLDER = Path("/etc/feed")
OPTIONS = {"token-key": "tokens.key", "max-connections": "limits.connections"}


def parsed(text):
    return parse_settings(text, name="feed.toml", folder=FOLDER, options=OPTIONS)


def settings_of(text):
    return effective(parsed(text), {}).settings


def complaints(text):
    with pytest.raises(ConfigError) as error:
        parsed(text)
    errors = error.value.errors if isinstance(error.value, ConfigErrors) else [error.value]
    return [str(one) for one in errors]


def test_an_empty_file_is_the_defaults():
    """The file has no defaults of its own."""
    assert settings_of("") == Settings()
    assert parsed("").values == {}


def test_groups_are_tables_that_may_be_said_in_part():
    """What a table does not say is as it would be without it, in nested groups too."""
    said = settings_of(
        """
        port = 9000
        start = 2024-03-06T17:20:00+01:00
        speed = "max"
        listen = [{ protocol = "rails", host = "::1", port = 0 }]
        limits.ping_seconds = 5
        [policies.rails]
        strict_expiry = true
        [policies.marketai.free]
        symbols = 6
        """
    )
    assert said == Settings(
        port=9000,
        start=1_709_742_000_000_000_000,
        speed=0.0,
        listen=(Listen("rails", "::1", 0),),
        limits=Limits(ping_seconds=5.0),
        policies=Policies(
            rails=RailsPolicy(strict_expiry=True),
            marketai=MarketAiPolicy(free=TierLimits(connections=1, symbols=6, requests_per_day=500)),
        ),
    )


def test_the_line_of_each_setting_is_known():
    """Its file and its line; nothing for what the file does not mention."""
    text = 'port = 1\n[limits]\nping_seconds = 2\n\n[[listen]]\nprotocol = "x"\nhost = "y"\nport = 3\n'
    assert parsed(text).places == {
        "port": "feed.toml:1",
        "limits.ping_seconds": "feed.toml:3",
        "listen": "feed.toml:5",
    }


def test_a_relative_path_is_relative_to_the_file(tmp_path):
    """Wherever the server is started; a scenario too, unless it is the name of a shipped one."""
    said = settings_of(
        'keys = "keys.toml"\nscenario = "my.toml"\n[tls]\ncert = "/tls/cert.pem"\nca = "ca.pem"'
    )
    assert said == Settings(
        keys=FOLDER / "keys.toml",
        scenario="/etc/feed/my.toml",
        tls=Tls(cert=Path("/tls/cert.pem"), ca=FOLDER / "ca.pem"),
    )
    assert settings_of('scenario = "burst"').scenario == "burst"
    (tmp_path / "burst").touch()
    path = tmp_path / "feed.toml"
    path.write_text('scenario = "burst"', encoding="utf-8")
    assert read_settings(path).values == {"scenario": str(tmp_path / "burst")}


@pytest.mark.parametrize("leaf", list(leaves()), ids=lambda leaf: leaf.name)
@hypothesis_settings(
    max_examples=2, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_every_setting_can_be_said_in_a_file(leaf, data):
    """By its dotted name, and it comes back as it was: a field that is added must be sayable."""
    default = value_of(Settings(), leaf.name)
    value = data.draw(others(leaf, default))
    given = effective(None, {leaf.name: ("--option", value)})
    text = settings_text(given)
    assert not leaf.hides(value), "a secret is not written: test that it can be read"
    assert parsed(text).values[leaf.name] == value
    assert value_of(settings_of(text), leaf.name) == value != default


# --- mistakes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("prot = 1", "1: prot: unknown key; did you mean port?"),
        (
            "[limits]\n\nping_secs = 1",
            "3: limits.ping_secs: unknown key; did you mean ping_seconds?",
        ),
        ("ping_seconds = 1", "1: ping_seconds: unknown key; did you mean limits.ping_seconds?"),
        ("[rails]\nconnections = 1", "1: rails: unknown key; did you mean policies.rails?"),
        ('token-key = "a"', "1: token-key: unknown key; did you mean tokens.key?"),
        (
            "[limits]\nmax-connections = 1",
            "2: limits.max-connections: unknown key; did you mean limits.connections?",
        ),
        ("[web]\nadmin-anywhere = true", "2: web.admin-anywhere: unknown key; did you mean admin_any"),
        ("[trading]\nxyz = 1", "2: trading.xyz: unknown key; allowed: deposit, deposits, "),
        ('port = "http"', '1: port: found "http"; allowed: a whole number, >= 0 and <= 65535'),
        ("port = 70000", "1: port: found 70000; allowed: a whole number, >= 0 and <= 65535"),
        ("port = true", "1: port: found true; allowed: a whole number, >= 0 and <= 65535"),
        ("port = 1.0", "1: port: found 1.0; allowed: a whole number, >= 0 and <= 65535"),
        (
            '[limits]\nping_seconds = "5s"',
            '2: limits.ping_seconds: found "5s"; allowed: a number of seconds, > 0',
        ),
        ("[limits]\nping_seconds = 0", "2: limits.ping_seconds: found 0; allowed: a number of"),
        (f"[limits]\nping_seconds = {10**400}", "2: limits.ping_seconds: found 1000000"),
        ("[limits]\nping_seconds = inf", "2: limits.ping_seconds: found Infinity; allowed: a number of"),
        ("[limits]\nhead_bytes = 1", "2: limits.head_bytes: found 1; allowed: a whole number of bytes, >="),
        ("start = 2024-03-06T16:20:00", '1: start: found "2024-03-06 16:20:00"; allowed: a time'),
        ('speed = "fast"', '1: speed: found "fast"; allowed: a number, or "max", >= 0 and'),
        ('keys = ""', '1: keys: found ""; allowed: a file name'),
        ('log_level = "loud"', '1: log_level: found "loud"; allowed: text, one of debug, info'),
        ('allow_origin = "*"', '1: allow_origin: found "*"; allowed: a list in square brackets, each'),
        ("allow_origin = [\n1]", "1: allow_origin[0]: found 1; allowed: a list in square brackets, each"),
        ("port = 1\n[policy.tradyn]\nx = 1", "2: policy: unknown key; did you mean policies?"),
        ("[flow]\nhistory_seconds = 1e308", "2: flow.history_seconds: found 1e+308; allowed: a number"),
        ("[flow]\ncheckpoint_seconds = 1e308", "2: flow.checkpoint_seconds: found 1e+308; allowed: a"),
        ("speed = 1e308", '1: speed: found 1e+308; allowed: a number, or "max", >= 0 and <= 1000000.0'),
        ("instruments = 1000000000", "1: instruments: found 1000000000; allowed: a whole number, >= 1"),
        ("limits = 1", "1: limits: found 1; allowed: a table"),
        ('[[listen]]\nhost = "a"\nport = 1', "1: listen[0]: protocol is missing"),
        (
            '[[listen]]\nprotocol = "a"\nhost = "a"\nport = -1',
            "4: listen[0].port: found -1; allowed: a whole number, >= 0 and <= 65535",
        ),
        ("listen = [1]", "1: listen[0]: found 1; allowed: a table"),
        ("[limits]\n[limits]", "2: is not TOML: Cannot declare"),
        ("port =", "1: is not TOML: "),
        (f"x = {'[' * 5000}", " is nested too deeply"),
    ],
)  # fmt: skip
def test_an_error_has_its_line_and_a_hint(text, complaint):
    """File and line, the dotted name, and the name that was meant or what is allowed."""
    (told,) = complaints(text)
    assert told.startswith(f"feed.toml:{complaint}")


def test_all_errors_are_reported_at_once():
    """Those of one table too, in the order of their lines."""
    text = "prot = 1\n[limits]\nping_seconds = 0\npong_seconds = 0\n[web]\nrows = 'x'\n[policies]\nreal = 1\n"
    assert [told.split("; ")[0] for told in complaints(text)] == [
        "feed.toml:1: prot: unknown key",
        "feed.toml:3: limits.ping_seconds: found 0",
        "feed.toml:4: limits.pong_seconds: found 0",
        'feed.toml:6: web.rows: found "x"',
        "feed.toml:8: policies.real: unknown key",
    ]


def test_a_file_that_cannot_be_read(tmp_path):
    """It is named, and why."""
    path = tmp_path / "feed.toml"
    with pytest.raises(ConfigError, match=r"feed\.toml: cannot be read: No such file or directory"):
        read_settings(path)
    path.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"feed\.toml: is not UTF-8 text"):
        read_settings(path)


# --- there and back --------------------------------------------------------------------------------


def test_the_defaults_written_are_the_defaults_read():
    """What is printed for no options is a file that changes nothing."""
    assert settings_of(settings_text(EffectiveSettings(Settings()))) == Settings()
