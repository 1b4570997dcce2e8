"""
What edges cost, and what they add: real processes on one machine, figures of one run.

1. CPU of the sequencer for an event, with 0, 1 and 4 edges, over a local socket and over Redis, beside a
   server that writes no log; and that of Redis.
2. CPU of an edge for a delivery, beside a single server with the same clients and the same market.
3. How much later a message comes by an edge than directly from the sequencer, to one reader of both.
4. How long an edge takes to join: from its connection to the events of now.
5. The same ticks, to the same subscriptions, by a single server, by an edge over each log, and by NATS, each
   beside the same load client: CPU of what fans out for a delivery, and how late it is, from the making of
   the tick to the client.

CPU is that of whole processes, so a single server's has the market in it and an edge's has not; "own" leaves
out what the process takes with no clients. The load client of :mod:`tests.benchmarks.fanout` runs on the
second core, with the sequencer; what is measured in 2. and 5. runs on the first.

Redis is Debian's ``redis-server`` with an append-only file that is synced every second; it runs on the second
core, as edges do in 1. NATS is Debian's ``nats-server``, with a subject for each symbol. Where one of them is
not installed it is left out.

Only ratios within one run are worth something, and nothing else should run meanwhile.
"""
