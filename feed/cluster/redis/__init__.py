"""A log in Redis Streams: appended by a sequencer, followed by edges, on several machines."""
