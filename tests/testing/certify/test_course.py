"""What cannot be run at all; ``tests/e2e/test_certify.py`` has clients that can."""

import pytest

from feed.errors import ConfigError
from feed.testing.certify.exercises import Exercises


@pytest.mark.parametrize(
    ("dialect", "command", "complaint"),
    [("morse", ["x"], "no client of 'morse'"), ("guide", ["/no/such/program"], "cannot be run")],
)
def test_what_cannot_be_run_is_said(dialect, command, complaint):
    """The operator's mistake, not the client's."""
    with pytest.raises(ConfigError, match=complaint):
        Exercises(dialect, command, patience=1).run(lambda _: None)
