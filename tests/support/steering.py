"""Steers the market of a :class:`paged_servers.PagedServer`, and waits until its page has heard of it."""

import json
import time
import urllib.request

from processes import PATIENCE_SECONDS

# All that was sent before the answer to a question has come before it. A number that was heard of says less:
# an event may be told of by several messages. The page's own question, if there is one, was sent too early.
_CAUGHT_UP = """(async () => {
  const { market } = feedPage.app;
  const { session } = market;
  const until = async (condition) => {
    while (!condition()) await new Promise((done) => setTimeout(done, 10));
  };
  do {
    await until(() => session.open && session._liveness._asked === null);
    session.probe(performance.now());
    market._socket.flush();
    await until(() => session._liveness._asked === null);
  } while (session.seq < %s);
  await until(() => market.book() && feedPage.shown().settled);
  return feedPage.shown();
})()"""


def get(server, path):
    """What anybody is answered by HTTP."""
    with urllib.request.urlopen(server.url + path, timeout=PATIENCE_SECONDS) as answer:
        return json.load(answer)


def pause(server):
    """Let the market stand still; its time, nanoseconds."""
    return server.admin("clock", {"action": "pause"})["time"]


def step(server, events):
    """Give out so many events more of a market that stands still; the number of the last one."""
    goal = server.admin("clock")["seq"] + events
    found = server.admin("clock", {"action": "step", "events": events})
    deadline = time.monotonic() + PATIENCE_SECONDS
    while found["seq"] < goal:  # a busy machine's answer comes before the last of many
        assert time.monotonic() < deadline, found
        time.sleep(0.01)
        found = server.admin("clock")
    return found["seq"]


def seek(server, goal):
    """Go to a market time, nanoseconds, forward or back, and stand still there."""
    server.admin("clock", {"action": "seek", "time": goal})
    arrived(server)


def arrived(server):
    """Where the market is, once it seeks no more."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (found := server.admin("clock"))["state"] == "seeking":
        assert time.monotonic() < deadline, found
        time.sleep(0.01)
    return found


def caught_up(tab, seq):
    """What the page shows once it has all up to an event of a market that stands still."""
    return tab.evaluate(_CAUGHT_UP % seq)
