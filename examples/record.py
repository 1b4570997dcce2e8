"""
Shows how a market is recorded and served again: a client of the recording reads what the first one read.

Run: ``python examples/record.py [FILE]``. Needs market-feed-server. The same with two servers of their own:
``feed serve --record day.feed.zst``, and later ``feed serve --scenario day.feed.zst``.
"""

import sys
from itertools import islice
from pathlib import Path

from feed.client import Quote, connect_blocking
from feed.testing import FeedServer


def quotes(server, count=10):
    """The first quotes that a client of a server reads."""
    with connect_blocking(server.url, symbols=["BTC-USD"]) as feed:
        found = ((event.bid, event.ask) for event in feed if isinstance(event, Quote))
        return list(islice(found, count))


def main(name):
    # At speed 0 the market waits for its first client, and is then as fast as that one reads.
    with FeedServer(scenario="burst", speed=0, record=Path(name)) as server:
        first = quotes(server)
    with FeedServer(scenario=name, speed=0) as server:
        again = quotes(server)
    print("the same" if first == again else "not the same", first[0], first[-1])


if __name__ == "__main__":
    main(*(sys.argv[1:] or ["day.feed.zst"]))
