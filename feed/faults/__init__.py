"""
What goes wrong on purpose between server and clients, and never in the market.

``engine`` decides who is struck, ``schedule`` between which two events. A fault is then done in one of two
places: to the frames of topics, where the stream makes them (``frame_faults``), or to the bytes of one
connection, by a transport that stands before its own (``transport``; ``gate`` knows the frames in them,
``pacing`` when they are due). Scenarios, the tests' server and ``feed certify`` use the same ones.
"""
