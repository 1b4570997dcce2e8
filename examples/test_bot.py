"""
Shows how a bot is tested: pytest's fixture ``feed_server`` runs a scripted market for one test alone.

Run: ``python -m pytest examples/test_bot.py``. Needs market-feed-server[test] and websockets.

A seed makes the market the same in every run; speed 0 makes it as fast as the bot reads, and lets it wait
for the bot to subscribe.
"""

import bot
import pytest


@pytest.mark.feed(scenario="flash-crash", seed=7, speed=0)
def test_the_bot_sells_in_a_crash(feed_server):
    assert bot.sell_price(feed_server.url, feed_server.key) == 62112.08
    assert [visit.path for visit in feed_server.visits] == ["/tradyn"]


def test_the_bot_says_why_it_cannot_begin(feed_server):
    with pytest.raises(bot.Refused, match="Invalid API key"):
        bot.sell_price(feed_server.url, "another key")
