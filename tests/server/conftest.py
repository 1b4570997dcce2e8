import houses
import pytest
import virtual


def pytest_collection_modifyitems(items):
    """Whoever uses a house uses the virtual clock."""
    for item in items:
        if {"house", "open_house"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.trio(run=virtual.run), append=False)


@pytest.fixture
def open_house():
    """Opens a house with settings of the test's own."""
    return houses.open_house


@pytest.fixture
async def house(open_house):
    """A running house with default settings."""
    async with open_house() as running:
        yield running
