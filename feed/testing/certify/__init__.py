"""Tests a client: connects it to a real market over a transport on which faults are injected."""
