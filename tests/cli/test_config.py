"""``feed config``, ``--config``, and which of several places a setting is taken from."""

import tomllib
from pathlib import Path

import click
import pytest
import structlog

from feed.cli import serve as module
from feed.cli.options import Options, SettingOption, setting
from feed.config.fields import leaves
from feed.config.reader import parse_settings
from feed.errors import ConfigError
from feed.settings import Settings, Tls, Tokens


@pytest.fixture
def file(tmp_path):
    """Writes a file of settings."""

    def write(text):
        path = tmp_path / "feed.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def served(run, monkeypatch):
    """The settings that ``feed serve`` would serve with, and where they are from."""

    def parse(*arguments, **environment):
        found = []
        monkeypatch.setattr(module, "run", found.append)
        assert run("serve", *arguments, **environment) == (0, "", "")
        return found.pop()

    return parse


def test_two_options_of_one_last_name_work_together(served):
    """The signing key of tokens and the private key of TLS are files of their own."""
    settings = served("--token-key", "a", "--tls-key", "b", "--tls-cert", "c").settings
    assert settings == Settings(tokens=Tokens(key=Path("a")), tls=Tls(key=Path("b"), cert=Path("c")))
    assert served("--token-key", "a").settings == Settings(tokens=Tokens(key=Path("a")))
    assert served("--tls-key", "b").settings == Settings(tls=Tls(key=Path("b")))


def test_two_options_cannot_fill_one_setting():
    """Nor have one name: found when the command is made, not when somebody uses both."""
    one, two = setting("--a", "port"), setting("--b", "port")
    with pytest.raises(TypeError, match="two options"):
        Options({"One": [one], "Two": [two]})
    with pytest.raises(TypeError, match="two options"):
        Options({"One": [one, setting("--a", "host")]})
    with pytest.raises(KeyError):
        setting("--a", "prot")


@pytest.mark.parametrize("command", ["serve", "config"])
def test_every_option_fills_a_setting_of_its_own(command):
    """As click sees them: no two parameters have one name."""
    parameters = (
        module.serve.params if command == "serve" else module.OPTIONS(click.command()(lambda: None)).params
    )
    names = [one.name for one in parameters]
    filled = [one.setting for one in parameters if isinstance(one, SettingOption)]
    assert len(set(names)) == len(names)
    assert len(set(filled)) == len(filled) == len(names) - 1
    assert set(filled) <= {leaf.name for leaf in leaves()}


def test_an_option_comes_before_its_variable_before_the_file_before_the_default(served, file):
    """And where each setting is from is known."""
    path = file("port = 1\nseed = 1\nwait_clients = 1\n[limits]\nping_seconds = 5\n")
    found = served("--config", path, "--port", "3", FEED_PORT="2", FEED_SEED="2")
    assert (found.settings.port, found.settings.seed, found.settings.wait_clients) == (3, 2, 1)
    assert found.settings.limits.ping_seconds == 5.0
    assert found.settings.limits.pong_seconds == 10.0
    assert dict(found.origins) == {
        "port": "--port",
        "seed": "FEED_SEED",
        "wait_clients": f"{path}:3",
        "limits.ping_seconds": f"{path}:5",
    }


def test_an_option_that_says_the_default_comes_before_the_file(served, file):
    """Typed is typed."""
    path = file("demo_keys = false\nspeed = 5\nstart = 2024-03-06T16:20:00Z\nport = 9\n")
    found = served("--config", path, "--demo-keys", "--speed", "1.0", "--start", "now", "--port", "8080")
    assert found.settings == Settings(demo_keys=True)


def test_the_file_may_be_named_by_a_variable(served, file):
    """As every option."""
    assert served(FEED_CONFIG=str(file("port = 9"))).settings == Settings(port=9)


def test_the_settings_in_force_are_printed_as_a_file(run, file, served, tmp_path):
    """With origins; and the file gives the same settings."""
    path = file("[policies.rails]\nstrict_expiry = true\n")
    arguments = ("--config", path, "--port", "9", "--listen", "tradyn=127.0.0.1:0", "--tls-name", "a.example")
    code, out, err = run("config", *arguments, FEED_SEED="7")
    assert (code, err) == (0, "")
    assert "\nport = 9  # --port\n" in out
    assert "\nseed = 7  # FEED_SEED\n" in out
    assert f"\nstrict_expiry = true  # {path}:2\n" in out
    assert "\nping_seconds = 30.0  # default\n" in out
    again = tmp_path / "again.toml"
    again.write_text(out, encoding="utf-8")
    assert served("--config", again).settings == served(*arguments, FEED_SEED="7").settings
    assert run("config", "--check", again)[0] == 0


def test_no_options_print_a_file_that_changes_nothing(run):
    """And that names every setting."""
    code, out, err = run("config")
    assert (code, err) == (0, "")
    tomllib.loads(out)
    values = parse_settings(out, name="-", folder=Path("/elsewhere")).values
    assert all(value == getattr(Settings(), name) for name, value in values.items() if "." not in name)
    assert all(f"{leaf.key} =" in out or f"[[{leaf.name}]]" in out for leaf in leaves())


def test_a_file_is_checked(run, file):
    """It is sound, or all that is wrong with it is told; exit code 2."""
    path = file("port = 9\n[limits]\nping_seconds = 5\n")
    assert run("config", "--check", path) == (0, f"{path}: sound, 2 settings\n", "")
    path = file("prot = 9\n[limits]\nping_seconds = 0\n")
    code, out, err = run("config", "--check", path)
    assert (code, out) == (2, "")
    assert err.splitlines() == [
        f"feed: {path}:1: prot: unknown key; did you mean port?",
        f"feed: {path}:3: limits.ping_seconds: found 0; allowed: a number of seconds, > 0",
    ]


def test_a_check_knows_the_protocols(run, file):
    """What the server would refuse is refused before it is started."""
    path = file('[[listen]]\nprotocol = "tradin"\nhost = "127.0.0.1"\nport = 0\n')
    complaint = f"feed: {path}:1: listen: there is no protocol 'tradin'; did you mean tradyn?\n"
    assert run("config", "--check", path) == (2, "", complaint)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("allow_host", "http://feed.example"),
        ("allow_host", ""),
        ("allow_origin", "feed.example"),
        ("allow_origin", "https://feed.example/"),
    ],
)
def test_a_name_that_no_browser_says_is_a_mistake(run, file, name, value):
    """It would let nobody in, and nobody would be told why."""
    path = file(f'port = 0\n{name} = ["*", "{value}"]\n')
    for arguments in (("config", "--check", path), ("serve", "--config", path)):
        code, _, err = run(*arguments)
        structlog.reset_defaults()
        assert code == 2
        assert err.startswith(f"feed: {path}:2: {name}: found '{value}'; allowed: ")


@pytest.mark.parametrize("origin", ["https://feed.example:8080", "chrome-extension://abc", "null", "*"])
def test_a_name_that_a_browser_says_is_sound(run, file, origin):
    """With a port, of an extension, of a page without an origin, or all."""
    path = file(f'allow_host = ["feed.example", "*.lan", "10.0.0.7", "[::1]"]\nallow_origin = ["{origin}"]\n')
    assert run("config", "--check", path) == (0, f"{path}: sound, 2 settings\n", "")


def test_a_bad_file_stops_the_server(run, file, tmp_path):
    """One line for each mistake, and nothing is served."""
    path = file("prot = 9\n")
    assert run("serve", "--config", path) == (
        2,
        "",
        f"feed: {path}:1: prot: unknown key; did you mean port?\n",
    )
    path = tmp_path / "none.toml"
    complaint = f"feed: {path}: cannot be read: No such file or directory\n"
    assert run("serve", "--config", path) == (2, "", complaint)


def test_what_the_server_finds_is_said_of_the_line(run, file):
    """Nobody typed the option: the file or the variable is named instead."""
    path = file('port = 0\n\n[[listen]]\nprotocol = "ftp"\nhost = "127.0.0.1"\nport = 0\n')
    code, out, err = run("serve", "--config", path)
    structlog.reset_defaults()
    assert (code, out) == (2, "")
    assert err.startswith(f"feed: {path}:3: listen: there is no protocol 'ftp'; known are ")
    code, out, err = run("serve", "--port", "0", FEED_LISTEN="ftp=127.0.0.1:0")
    structlog.reset_defaults()
    assert err.startswith("feed: FEED_LISTEN: there is no protocol 'ftp'; known are ")


def test_help_is_in_sections(run):
    """With what is needed to read it: which place comes first, and an example."""
    code, out, err = run("serve", "--help")
    assert (code, err) == (0, "")
    titles = [line for line in out.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert titles == [
        "Options:", "Network:", "Market:", "Pacing:", "Keys and TLS:", "Recording:",
        "Data folder:", "Several servers:", "Limits:", "Logging:",
    ]  # fmt: skip
    assert "comes before its variable, that before the file, and the file before the default" in " ".join(
        out.split()
    )


def test_the_log_level_is_a_setting(served, file, capsys):
    """What is below it is not written."""
    from feed.cli.logs import configure  # noqa: PLC0415

    assert served("--log-level", "warning").settings.log_level == "warning"
    assert served("--config", file('log_level = "error"')).settings.log_level == "error"
    configure("text", "warning")
    try:
        log = structlog.get_logger()
        log.info("quiet")
        log.warning("loud")
    finally:
        structlog.reset_defaults()
    err = capsys.readouterr().err
    assert ("loud" in err, "quiet" in err) == (True, False)


def test_an_error_of_the_file_is_no_click_error(file):
    """It is the same for programs."""
    context = click.Context(module.serve)
    context.params["config"] = file("port = -1")
    with pytest.raises(ConfigError, match="port: found -1"):
        module.OPTIONS.effective(context)
