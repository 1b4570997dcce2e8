"""Settings as a file: the same ones come back, and people can read it."""

import tomllib
from pathlib import Path

import attrs
import pytest
from generated import changes
from hypothesis import given

from feed.config import writer
from feed.config.fields import leaves
from feed.config.reader import EffectiveSettings, effective, parse_settings
from feed.config.writer import settings_text
from feed.settings import Cluster, Listen, Settings, Tokens
from feed.settings.cluster import shown


def back(text):
    file = parse_settings(text, name="feed.toml", folder=Path("/elsewhere"))
    return effective(file, {}).settings


@given(changes())
def test_any_settings_come_back(values):
    """For any settings from any source: the written file gives the same settings when it is read."""
    given = effective(None, {name: (f"--{name}\n", value) for name, value in values.items()})
    assert back(settings_text(given)) == given.settings


def test_every_setting_is_there_with_its_meaning_and_its_origin():
    """Also what is not set, as a comment."""
    text = settings_text(effective(None, {"port": ("--port", 9), "seed": ("FEED_SEED", 7)}))
    joined = " ".join(text.replace("\n# ", " ").split())
    for leaf in leaves():
        assert f"{leaf.meaning} ({leaf.allowed})" in joined
        forms = (f"{leaf.key} = ", f"# {leaf.key} = ", f"[[{leaf.name}]]")
        assert any(f"\n{form}" in text for form in forms)
    assert "\nport = 9  # --port\n" in text
    assert "\nseed = 7  # FEED_SEED\n" in text
    assert "\npong_seconds = 10.0  # default\n" in text
    assert "\n# journal =  # None: not set\n" in text


def test_a_default_path_stays_relative_to_where_the_server_runs():
    """As a comment: in a file it would be relative to the file."""
    assert '\n# ca = "feed-ca.pem"  # default\n' in settings_text(EffectiveSettings(Settings()))


def test_a_path_from_an_option_is_written_whole(tmp_path, monkeypatch):
    """Wherever the file is put, it is the same path; a scenario of that name is one too."""
    monkeypatch.chdir(tmp_path)
    given = effective(None, {"keys": ("--keys", Path("keys.toml")), "scenario": ("--scenario", "my.toml")})
    found = tomllib.loads(settings_text(given))
    assert found["keys"] == str(tmp_path / "keys.toml")
    assert found["scenario"] == str(tmp_path / "my.toml")
    shipped = effective(None, {"scenario": ("--scenario", "burst")})
    assert tomllib.loads(settings_text(shipped))["scenario"] == "burst"


def test_lists_of_tables_are_tables():
    """One for each, after the plain settings of their group, as TOML wants it."""
    listen = (Listen("tradyn", "127.0.0.1", 1), Listen("rails", "::1", 2))
    text = settings_text(effective(None, {"listen": ("--listen", listen)}))
    assert '\n[[listen]]  # --listen\nprotocol = "rails"\nhost = "::1"\nport = 2\n' in text
    assert back(text).listen == listen


def test_a_time_is_written_as_one_where_that_is_exact():
    """TOML knows microseconds; nanoseconds are written as their number."""
    for start, written in (
        (1_709_742_000_000_000_000, "2024-03-06T16:20:00Z"),
        (7, "7"),
        (10**21, f"{10**21}"),
    ):
        text = settings_text(effective(None, {"start": ("--start", start)}))
        assert f"\nstart = {written}  # --start\n" in text
        assert back(text).start == start


def test_a_path_that_is_no_text_is_not_written():
    """TOML is UTF-8; the file stays one."""
    text = settings_text(effective(None, {"keys": ("--keys", Path("/\udcff"))}))
    assert "\n# keys =  # --keys, is no Unicode text\n" in text
    assert text.encode()


def test_a_secret_is_never_written(monkeypatch):
    """A field with ``repr=False`` says where it is from, and nothing else."""

    @attrs.frozen(kw_only=True)
    class Guarded(Tokens):
        """
        Tokens with a secret among them.

        Attributes:
            password: Hush.
        """

        password: str = attrs.field(default="", repr=False)

    @attrs.frozen(kw_only=True)
    class Whole(Settings):
        """Settings with a secret among them."""

        tokens: Guarded = attrs.field(factory=Guarded)

    monkeypatch.setattr(writer, "Settings", Whole)
    given = EffectiveSettings(Whole(tokens=Guarded(password="hunter2")), {"tokens.password": "feed.toml:3"})
    text = settings_text(given)
    assert "hunter2" not in text
    assert "\n# password =  # feed.toml:3, not shown\n" in text


@pytest.mark.parametrize("place", ["redis://market:hush@host:6380/2/btc", "rediss://:hush@host/btc"])
def test_a_password_in_a_url_is_written_nowhere(place):
    """Neither in the file nor where settings are shown; a place without one is written as any setting."""
    given = effective(None, {"cluster.log": ("FEED_LOG", place)})
    assert "\n# log =  # FEED_LOG, not shown\n" in settings_text(given)
    assert "hush" not in settings_text(given) + repr(given.settings)
    assert shown(place) in repr(given.settings)
    plain = effective(None, {"cluster.log": ("--log", "redis://host/btc")})
    assert '\nlog = "redis://host/btc"  # --log\n' in settings_text(plain)


def test_what_is_no_place_of_a_log_is_not_repeated():
    """A slip in a URL does not bring its password into a terminal or a log."""
    for place in ("http://me:hush@host/btc", "redis://", "unix:", "hush"):
        with pytest.raises(ValueError, match="must be unix:PATH or redis://HOST/NAME") as problem:
            Cluster(follow=place)
        assert "hush" not in str(problem.value)
