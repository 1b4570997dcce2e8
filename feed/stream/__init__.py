"""
Numbers the events of a market, and fans them out to its subscribers.

``hub`` is the pure core: it numbers events, encodes each once per topic, and joins the frames of
each group of identical subscribers into one buffer. ``send_buffer`` owns the order of bytes on one
connection. ``fanout`` drives them, step by step, and ``sweep`` writes.
"""
