"""Ports for servers that have to be told one, or are started again on the one that they had."""

import random
import socket
from pathlib import Path

RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
LOWEST = 10_000


def free_port(host="127.0.0.1"):
    """
    A port that nobody listens on.

    It is below those that the system gives to connections and to who asks for any: one of these may be
    somebody else's again before a server listens there.
    """
    draws = random.SystemRandom()  # processes of tests that begin together do not draw alike
    end = int(RANGE.read_text().split()[0]) if RANGE.exists() else 32_768
    for _ in range(100):
        port = draws.randrange(LOWEST, max(end, LOWEST + 1))
        with socket.socket() as probe:
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    raise AssertionError(f"no port from {LOWEST} to {end} is free")
