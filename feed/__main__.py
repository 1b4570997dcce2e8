"""``python -m feed`` is the command ``feed``."""

import sys

from feed.cli.entry import main

if __name__ == "__main__":
    sys.exit(main())
