import inspect
from pathlib import Path

import pytest
import virtual

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    """Every test of this folder that has a loop is on the virtual clock."""
    for item in items:
        if HERE in item.path.parents and inspect.iscoroutinefunction(getattr(item, "obj", None)):
            item.add_marker(pytest.mark.trio(run=virtual.run), append=False)
