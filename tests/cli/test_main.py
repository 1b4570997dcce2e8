"""What the operator sees: help with an example, one line for a mistake, and the exit code."""

import subprocess
import sys

import click
import pytest

import feed
from feed.cli import main as cli
from feed.errors import ConfigError


def commands(command, path=()):
    """Every command line prefix under ``command``."""
    yield path
    for name, child in getattr(command, "commands", {}).items():
        yield from commands(child, (*path, name))


@pytest.mark.parametrize("path", list(commands(cli.feed)), ids=" ".join)
def test_help_ends_with_an_example(run, path):
    """Every command has help, and its last line is one of its own command lines, on one line."""
    code, out, err = run(*path, "--help")
    *_, heading, example = out.rstrip().splitlines()
    assert (code, err, heading) == (0, "", "  Example:")
    assert example.split()[: len(path) + 1] == ["feed", *path]


@pytest.mark.parametrize("path", [(), ("keys",)])
def test_a_group_alone_shows_its_help(run, path):
    """A bare ``feed`` tells what there is, as ``--help`` does."""
    assert run(*path) == run(*path, "--help")


def test_version(run):
    """The version is the package's."""
    assert run("--version") == (0, f"feed {feed.__version__}\n", "")


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("nope", "feed: no such command 'nope'; see feed --help\n"),
        ("--prot", "feed: no such option --prot; see feed --help\n"),
        (
            "serve --port-fil x",
            "feed: serve: no such option --port-fil; did you mean --port or --port-file?\n",
        ),
        ("serve now", "feed: serve: got unexpected extra argument (now); see feed serve --help\n"),
        ("keys add", "feed: keys add: FILE is missing; see feed keys add --help\n"),
        ("keys add keys.toml", "feed: keys add: --name is missing; see feed keys add --help\n"),
    ],
)
def test_a_mistyped_command_line_is_one_line(run, line, complaint):
    """Where, what, and a hint; exit code 2."""
    assert run(*line.split()) == (2, "", complaint)


def raising(error):
    @click.command()
    def command():
        raise error

    return command


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_a_mistake_found_in_a_nursery_is_the_same_line(run, monkeypatch, depth):
    """Groups of one, as nurseries wrap it, are taken off."""
    error = ConfigError("is in use", where="127.0.0.1:8080", hint="try --port 0")
    for _ in range(depth):
        error = ExceptionGroup("nursery", [error])
    monkeypatch.setitem(cli.feed.commands, "serve", raising(error))
    assert run("serve") == (2, "", "feed: 127.0.0.1:8080: is in use; try --port 0\n")


def test_a_complaint_stays_one_line(run, monkeypatch):
    """A file name with a line feed in it does not break the line."""
    monkeypatch.setitem(cli.feed.commands, "serve", raising(ConfigError("no\nsuch file", where="a\nb")))
    assert run("serve") == (2, "", "feed: a b: no such file\n")


@pytest.mark.parametrize(
    "error",
    [
        ZeroDivisionError("ours"),
        ExceptionGroup("nursery", [ZeroDivisionError("ours")]),
        ExceptionGroup("nursery", [ConfigError("theirs"), ZeroDivisionError("ours")]),
    ],
)
def test_a_defect_is_never_passed_off_as_a_mistake(run, monkeypatch, error):
    """What nobody expected comes out whole, for the traceback and exit code 1."""
    monkeypatch.setitem(cli.feed.commands, "serve", raising(error))
    with pytest.raises(type(error)) as caught:
        run("serve")
    assert caught.value is error


@pytest.mark.parametrize("name", ["tail", "verify", "record", "replay", "certify", "import"])
@pytest.mark.parametrize(
    "error",
    [
        KeyboardInterrupt(),
        BaseExceptionGroup("nursery", [KeyboardInterrupt()]),
        BaseExceptionGroup("nursery", [ExceptionGroup("", [OSError()]), KeyboardInterrupt()]),
    ],
    ids=["bare", "in a nursery", "beside another"],
)
def test_an_interrupted_command_ends_with_130(run, monkeypatch, name, error):
    """As shells expect of whatever SIGINT stopped, in whatever task it was noticed."""
    monkeypatch.setitem(cli.feed.commands, name, raising(error))
    code, out, err = run(name)
    assert (code, out, err.strip()) == (130, "", "")


def test_an_import_that_is_interrupted_leaves_nothing_behind(run, monkeypatch, tmp_path):
    """Neither the recording nor half of it."""
    monkeypatch.setattr("feed.cli.imports.import_files", lambda *_, **__: interrupt())
    (tmp_path / "capture").write_text("")
    code, _, _ = run("import", "coinbase", tmp_path / "capture", "-o", tmp_path / "out.feed.zst")
    assert (code, [path.name for path in tmp_path.iterdir()]) == (130, ["capture"])


def interrupt():
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("line", "code", "out", "err"),
    [
        (["--version"], 0, f"feed {feed.__version__}\n", ""),
        (["serve", "--port", "-1"], 2, "", "feed: --port: must be >= 0: -1; see feed serve --help\n"),
    ],
)
def test_the_module_is_the_command(line, code, out, err):
    """``python -m feed`` does as ``feed`` does, exit code included."""
    done = subprocess.run([sys.executable, "-m", "feed", *line], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (code, out, err)


def test_help_does_not_load_the_server():
    """Asking for help waits neither for Trio nor for the server."""
    code = (
        "import sys; from feed.cli.main import main; main(['--help']);"
        "print(*{'trio', 'feed.server.serve'}.intersection(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == ""
