"""
HTTP beside WebSocket, on the same port.

``worker`` puts Hypercorn under a connection, ``app`` turns the table of endpoints into a Starlette
application, ``context`` is what endpoints see of the server, ``access`` checks keys; the others are endpoints
of no single protocol, and documents made from the same table. What an endpoint is, is said in
:mod:`feed.dialects.rest`; those of a protocol are in its own folder.
"""
