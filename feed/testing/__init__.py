"""
A market for tests of whatever reads one.

With pytest, the fixture ``feed_server`` comes with this package, and a test takes three lines::

    @pytest.mark.feed(scenario="flash-crash", seed=7, speed=0)
    def test_my_bot_sells_in_a_crash(feed_server):
        assert my_bot(feed_server.url, feed_server.key) == "sold"

It is the same for synchronous, asyncio and Trio tests: the server has a thread of its own. Keywords of
the marker are those of :class:`FeedServer`, which any other test framework can use directly.

With ``speed=0`` a client is sent all it takes. One of the library ``websockets`` that closes while messages
are unread takes ten seconds for that, its ``close_timeout``: it stops reading when 16 wait, and so never sees
the answer to its close, whatever a server does. Read to the end, or connect with ``close_timeout=1``.
"""

from feed.testing.proxy import Said, Visit
from feed.testing.server import FeedServer

__all__ = ["FeedServer", "Said", "Visit"]
