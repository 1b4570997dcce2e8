"""Puts a client through its paces: connects it to a market whose wire goes wrong on purpose."""
