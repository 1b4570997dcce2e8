"""Messages pushed to URLs that clients name: signing, addresses, the queue. Pure: no I/O, no clock."""
