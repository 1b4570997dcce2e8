"""
The command ``feed``, also as ``python -m feed``.

Nothing of it is loaded yet: Ctrl-C is answered while it is.
"""

from __future__ import annotations

import gc
import sys


def main() -> int:
    """Run the process's own command line; its exit code."""
    try:
        gc.disable()  # what modules define stays: to look for garbage among it takes a tenth of the time
        from feed.cli.main import main as run  # noqa: PLC0415

        gc.freeze()
        gc.enable()
        return run()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
