import pytest

from feed.cli.main import main


@pytest.fixture
def run(capsys, monkeypatch):
    """Runs one command line; gives exit code, stdout and stderr."""

    def command(*arguments, **environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        code = main([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return command
