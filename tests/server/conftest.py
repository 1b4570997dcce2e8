from pathlib import Path

import networks
import pytest
import servers
import virtual

HERE = Path(__file__).parent
IN_MEMORY = {"server", "network", "open_server"}


def pytest_collection_modifyitems(items):
    """Whoever uses a house or the network in memory uses the virtual clock."""
    for item in items:
        # The hook is called for every folder's tests, and others have a fixture of that name.
        if HERE in item.path.parents and IN_MEMORY & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.trio(run=virtual.run), append=False)


@pytest.fixture
def network(monkeypatch):
    """Where every server of the test listens."""
    return networks.Network().install(monkeypatch)


@pytest.fixture
def open_server():
    """Opens a house with settings of the test's own."""
    return servers.open_server


@pytest.fixture
async def server(open_server):
    """A running house with default settings."""
    async with open_server() as running:
        yield running
