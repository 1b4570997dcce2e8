"""Pictures and figures of the page: ``python -m tests.benchmarks.page --help``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.page import figures, pictures
from tests.support.browser import program

EXAMPLE = """\
examples:
  python -m tests.benchmarks.page --screenshots pictures
  python -m tests.benchmarks.page --minutes 30
  python -m tests.benchmarks.page --minutes 5 --speed 3    # more than 200 changes of a book a second
"""


def main(given: Sequence[str] | None = None) -> int:
    """Parse and run: 0 when what can be judged is good."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.page",
        description="The page in Chromium: screenshots of paused markets, or memory and frame times.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--screenshots", metavar="DIR", type=Path, help="write screenshots into this folder")
    parser.add_argument("--minutes", metavar="N", type=float, help="keep the page open and measure so long")
    parser.add_argument("--symbol", default="EURUSD", help="what is shown meanwhile; default: the busiest")
    parser.add_argument("--speed", type=float, default=1, help="market seconds per second")
    options = parser.parse_args(given)
    if options.screenshots is None and options.minutes is None:
        parser.error("say what to do: --screenshots DIR or --minutes N")
    if program() is None:
        parser.error("no Chromium is installed")
    if options.screenshots is not None:
        for path in pictures.take(options.screenshots):
            print(path)
    if options.minutes is not None:
        return 0 if figures.measure(options.minutes, options.symbol, options.speed) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
