"""
Whole servers on a simulated disk, with clients, crashes and trouble drawn from a seed.

See :mod:`tests.simulation.__main__`.
"""

import sys
from pathlib import Path

_SUPPORT = str(Path(__file__).parents[1] / "support")
if _SUPPORT not in sys.path:  # pytest has put it there
    sys.path.insert(0, _SUPPORT)
