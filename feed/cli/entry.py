"""Where the command ``feed`` begins: before anything is loaded, so that Ctrl-C is answered then too."""

from __future__ import annotations


def main() -> int:
    """Run the process's own command line; its exit code."""
    try:
        from feed.cli.main import main as run  # noqa: PLC0415

        return run()
    except KeyboardInterrupt:
        return 130
