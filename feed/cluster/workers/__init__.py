"""Processes that serve the clients of one server on its ports, beside the one that has the market."""
