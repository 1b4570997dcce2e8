"""
What serves one WebSocket connection, from its request head to its close.

``connection`` holds its tasks: reader, writer, heartbeat. ``upgrade`` answers the handshake, ``stream``
keeps the order of bytes below trio-websocket, ``fragments`` bounds what one message may announce,
``transport`` is the socket below, and ``peer`` says who is at the other end.
"""
