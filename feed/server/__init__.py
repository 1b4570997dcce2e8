"""
Sockets, keys and deadlines: the thin Trio shell around the packages below.

``listener`` accepts and counts, ``router`` reads the request head and chooses who serves it, ``connection``
runs one WebSocket client, ``http`` serves requests, ``serve`` runs all of them.
"""
