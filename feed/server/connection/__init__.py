"""
What serves one WebSocket connection, from its request head to its close.

``connection`` holds its tasks: reader, writer, heartbeat. ``upgrade`` answers the handshake, ``wire`` is the
stream that keeps the order of bytes, ``fragments`` bounds what one message may announce, ``transport`` is
the socket below, ``lag`` one that delays what is sent, and ``visitor`` says who is at the other end.
"""
