"""
HTTP beside WebSocket, on the same port.

``worker`` puts Hypercorn under a connection, ``app`` turns the table of endpoints into a Starlette
application, ``site`` is what endpoints see of the house, ``access`` is who may ask; the others
are endpoints, and documents made from the same table.
"""
