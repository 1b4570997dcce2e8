"""
Sockets, keys and deadlines: the thin Trio shell around the rooms below.

``listener`` accepts and counts, ``router`` reads the request head and chooses the dialect, ``wire``
puts an outlet under trio-websocket, ``connection`` runs one client, ``serve`` runs them all.
"""
