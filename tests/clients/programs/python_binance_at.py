"""What every program on python-binance begins with: its URL settings, and how it tells of refusals."""

import json
import sys

from binance.base_client import BaseClient
from binance.exceptions import BinanceAPIException
from binance.ws.streams import BinanceSocketManager

TOLD = json.loads(sys.argv[1])
KEYS = TOLD.get("keys", {})
_CLASSES = {"BaseClient": BaseClient, "BinanceSocketManager": BinanceSocketManager}

for _name, _value in TOLD["settings"].items():
    _owner, _attribute = _name.split(".")
    setattr(_CLASSES[_owner], _attribute, _value)


LEVELS = 50


def levels(book):
    """The best of both sides of a book, as REST has it or as the client keeps it."""
    sides = (book["bids"], book["asks"]) if isinstance(book, dict) else (book.get_bids(), book.get_asks())
    return [[[float(price), float(size)] for price, size in side[:LEVELS]] for side in sides]


def refused(error):
    """A refusal as the client has it."""
    assert isinstance(error, BinanceAPIException), error
    return [error.status_code, error.code, error.message]


def refusals(calls):
    """What each call is refused with; one that succeeds is no refusal."""
    said = {}
    for name, call in calls.items():
        try:
            said[name] = call()
        except BinanceAPIException as error:
            said[name] = refused(error)
    return said
