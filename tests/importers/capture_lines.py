"""Lines of raw captures, for the tests of their importers."""

import json

START = 1_600_000_000
SECOND = 10**9
OPENED = f"wss://host <-> {START}.0\n"


def at(seconds, message):
    """A message received ``seconds`` after the start."""
    return f"{START + seconds}.0: {json.dumps(message)}\n"


def reply(url, message, seconds=0):
    """The answer to a request."""
    return f"https://host{url} -> {START + seconds}.0: {json.dumps(message)}\n"


def ns(seconds):
    """A time in nanoseconds since the Unix epoch."""
    return START * SECOND + round(seconds * 1000) * 10**6


def ms(seconds):
    """The same in milliseconds."""
    return START * 1000 + round(seconds * 1000)


def capture(*messages):
    """A file with messages, each received one second after the one before."""
    return {"cap": OPENED + "".join(at(number, message) for number, message in enumerate(messages, 1))}
