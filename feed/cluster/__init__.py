"""
A market of several servers: one has it and writes its events to a log, the others follow that.

The *sequencer* has the market: it orders what is asked of it, and appends the events in blocks. An *edge*
follows the blocks and serves clients with the very bytes that the sequencer would send them. ``CLUSTER.md``
beside this file says what is promised.
"""
