"""The course, with clients that do and clients that do not."""

import json
import sys
from pathlib import Path

import pytest

from feed.dialects.client import Requirement
from feed.testing.certify.exercises import Exercises

# Nobody waits so long but for what never comes: a machine may be busy.
PATIENCE_SECONDS = 60
PUBLISHED = Path(__file__).parent / "clients" / "securitypro" / "reconnect.js"
OURS = """
import os, anyio
from feed.client import connect

async def main():
    url, key = os.environ["FEED_URL"], os.environ["FEED_KEY"]
    options = {"symbols": ["BTC-USD"], "channels": ["book"], "mute_seconds": 2}
    async with connect(url, key=key, **options) as feed:
        async for event in feed:
            pass

anyio.run(main)
"""


def card(dialect, *command, patience, only=()):
    """What was told, and by duty whether it passed."""
    told = []
    report = Exercises(dialect, list(map(str, command)), patience=patience, only=only).run(told.append)
    assert tuple(told) == report.findings
    return report, {item.requirement: item.passed for item in report.findings}


@pytest.mark.e2e
def test_our_own_client_does_everything():
    """Required and advised alike."""
    report, passed = card("guide", sys.executable, "-c", OURS, patience=PATIENCE_SECONDS)
    assert report.passed
    assert passed == dict.fromkeys(passed, True)
    assert {Requirement.GAP, Requirement.MUTE, Requirement.GARBAGE, Requirement.BACK_OFF} <= set(passed)


@pytest.mark.e2e
def test_our_own_client_renews_its_token():
    """Where a protocol has tokens: told that it has expired, it gets another one and comes back."""
    only = (Requirement.PONG, Requirement.RENEW_TOKEN)
    report, passed = card("rails", sys.executable, "-c", OURS, patience=PATIENCE_SECONDS, only=only)
    assert report.passed
    assert passed == dict.fromkeys((Requirement.CONNECT, *only), True)


@pytest.mark.e2e
def test_the_published_reconnecting_client_is_certified(node):
    """SecurityPro's own: it does what its document asks, and what it does not do is named."""
    program, folder = node
    surroundings = f"""
        globalThis.WebSocket = require({json.dumps(str(folder / "node_modules" / "ws"))});
        process.env.API_KEY = process.env.FEED_KEY;
    """
    address = "'wss://api.securitypro.com/market/ws'"
    client = PUBLISHED.read_text(encoding="utf-8")
    assert client.count(address) == 1
    client = surroundings + client.replace(address, "process.env.FEED_URL")
    report, passed = card("securitypro", program, "-e", client, patience=5)
    assert report.passed
    assert [requirement for requirement, done in passed.items() if not done] == [
        Requirement.GARBAGE,
        Requirement.MUTE,
    ]


@pytest.mark.e2e
def test_a_client_that_exits_is_not_certified():
    """Nothing of it can be seen; every duty is named."""
    report, passed = card("tradyn", sys.executable, "-c", "raise SystemExit(3)", patience=1)
    assert not report.passed
    assert set(passed.values()) == {False}
    assert report.findings[0].seen == "the client exited with code 3"
