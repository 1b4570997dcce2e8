"""``kill -9`` under clients that order and clients that read: nothing is lost, nothing is done twice."""

import pytest

from tests.benchmarks.kill.run import Plan, run

pytestmark = pytest.mark.e2e


@pytest.mark.protocols(
    "binance",
    "coinbase",
    "coinbase_exchange",
    "guide",
    "kraken",
    "marketai",
    "rails",
    "securitypro",
    "tradyn",
)
def test_a_server_that_is_killed_goes_on_where_it_was(tmp_path):
    """
    Every protocol reads on, byte for byte what a server says that was never killed; orders act once.

    The benchmark of the same name in its short form: 100 kills, 50 order clients and 200 readers there.
    """
    plan = Plan(
        kills=2,
        traders=4,
        readers=12,
        seconds=1,
        starting=0,
        instruments=6,
        sync="always",
        seed=1,
        settled=1,
    )
    found = run(plan, tmp_path, tell=lambda text: None)
    assert found.verdict.good, found.verdict
    assert (found.killed_ready, found.exit_code) == (2, 0)
    assert found.verdict.orders > 0
    assert found.verdict.resumed > 0
