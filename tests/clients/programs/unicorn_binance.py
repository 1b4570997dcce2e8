"""unicorn: market streams, the WebSocket API, a user's events, REST, and what refusals are."""

import json
import os
import sys
import time
import traceback

from unicorn_binance_rest_api import BinanceRestApiManager
from unicorn_binance_rest_api.exceptions import BinanceAPIException
from unicorn_binance_websocket_api import BinanceWebSocketApiManager

told = json.loads(sys.argv[1])
PAIR, SECONDS = "BTCUSDT", 60
KEYS = {"api_key": told["keys"]["apiKey"], "api_secret": told["keys"]["secret"]}


def give_up(*error):
    """The manager's threads would go on."""
    traceback.print_exception(*error)
    os._exit(1)


sys.excepthook = give_up


class Rest(BinanceRestApiManager):
    """Has its URLs before the first request, which its constructor sends."""

    def _init_session(self):
        for name, url in told["settings"]["BinanceRestApiManager"].items():
            setattr(self, name, url)
        return super()._init_session()


def until(true):
    """What something gives as soon as it gives anything, within a minute."""
    deadline = time.monotonic() + SECONDS
    while not (found := true()):
        assert time.monotonic() < deadline, report
        time.sleep(0.05)
    return found


def taken(name):
    """The next message of a buffer of the manager."""
    return json.loads(until(lambda: manager.pop_stream_data_from_stream_buffer(name) or None))


report = {}
rest = Rest(**KEYS, warn_on_update=False)
report["time"] = rest.get_server_time()
report["book"] = rest.get_order_book(symbol=PAIR, limit=5)
manager = BinanceWebSocketApiManager(
    **told["settings"]["BinanceWebSocketApiManager"], warn_on_update=False, ubra_manager=rest
)
channels = ["trade", "depth", "kline_1m", "bookTicker", "ticker", "miniTicker"]
manager.create_stream(channels, [PAIR.lower()], stream_buffer_name="market")
seen = set()
while len(seen) < len(channels):
    seen.add(taken("market").get("stream"))
    seen.discard(None)
report["seen"] = sorted(seen)
manager.create_stream(["arr"], ["!userData"], stream_buffer_name="user", **KEYS)
api = manager.create_stream(api=True, stream_buffer_name="api", **KEYS)
until(lambda: manager.wait_till_stream_has_started(api))
spot = {"return_response": True, "stream_id": api}
report["socket time"] = json.loads(manager.api.spot.get_server_time(**spot))
report["socket book"] = json.loads(manager.api.spot.get_order_book(symbol=PAIR, limit=5, **spot))
report["account"] = json.loads(manager.api.spot.get_account_status(**spot))
# Nothing says when the stream of a user's events has begun: an order that does not trade is told of.
far = {"symbol": PAIR, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.001"}
while (event := manager.pop_stream_data_from_stream_buffer("user") or None) is None:
    placed = rest.create_order(**far, price="60000.00")
    rest.cancel_order(symbol=PAIR, orderId=placed["orderId"])
    time.sleep(0.5)
order = {"symbol": PAIR, "side": "BUY", "order_type": "MARKET"}
report["bought"] = json.loads(manager.api.spot.create_order(**order, quantity=0.01, **spot)[1])
report["refused by socket"] = json.loads(manager.api.spot.create_order(**order, quantity=50, **spot)[1])
events = report["events"] = []
while not any(event.get("X") == "FILLED" for event in events):
    events.append(taken("user").get("event", {}))
report["sold"] = rest.create_order(symbol=PAIR, side="SELL", type="MARKET", quantity="0.01")
try:
    rest.create_order(symbol=PAIR, side="SELL", type="MARKET", quantity="50")
except BinanceAPIException as error:
    report["refused"] = [error.status_code, error.code, error.message]
report["trades"] = rest.get_my_trades(symbol=PAIR)
manager.stop_manager()
rest.stop_manager()
print(json.dumps(report))
