"""ccxt on Kraken Spot: what it raises while requests are refused on purpose, by its own class."""

import json
import sys
import urllib.request

import ccxt

told = json.loads(sys.argv[1])
SYMBOL = "BTC/USD"
exchange = ccxt.kraken({**told["settings"], **told["keys"], "enableRateLimit": False})
exchange.load_markets()
report = {"refused": {}}


def ask(path, body=None, method=None):
    """Ask the server what only its operator may."""
    headers = {"X-API-Key": told["admin"]["key"], "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(told["admin"]["url"] + path, data, headers, method=method)
    urllib.request.urlopen(request, timeout=60).close()


def private():
    """Something about the account."""
    return exchange.fetch_balance()


def public():
    """Something about the market."""
    return exchange.fetch_ticker(SYMBOL)


def order():
    """An order far from the market."""
    return exchange.create_order(SYMBOL, "limit", "buy", 0.01, 1000)


def raised(what, call):
    """Note the class of what a request raises; nothing where it is answered."""
    try:
        call()
    except ccxt.BaseError as error:
        report["refused"][what] = type(error).__name__
    else:
        report["refused"][what] = ""


private()
for what, kind, key, fields, calls in (
    ("lockout", "ban", told["grant"], {}, (private, public)),
    ("rate", "ban", "", {"address": "127.0.0.1"}, (private, public)),
    ("skew", "clock-skew", "", {"skew_ms": 3_600_000}, (private,)),
    ("maintenance", "maintenance", "", {}, (private, order, public)),
):
    aim = {"dialect": "kraken"} | ({"key": key} if key else {})
    ask("/admin/faults", {"name": what, "kind": kind, "aim": aim, **fields})
    for call in calls:
        raised(f"{what}, {call.__name__}", call)
    if what == "maintenance":
        report["status"] = exchange.fetch_status()["status"]
    ask(f"/admin/faults?name={what}", method="DELETE")
raised("afterwards", private)
print(json.dumps(report))
