"""
The command ``feed``, also as ``python -m feed``.

Nothing of it is loaded yet: Ctrl-C is answered while it is.
"""

from __future__ import annotations

import sys


def main() -> int:
    """Run the process's own command line; its exit code."""
    try:
        from feed.cli.main import main as run  # noqa: PLC0415

        return run()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
