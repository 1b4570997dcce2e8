"""Delivers webhooks: the tasks and sockets around :mod:`feed.webhooks`."""
