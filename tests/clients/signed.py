"""Signed questions to Binance Spot, for comparing what a client has with what the server says."""

import hashlib
import hmac
import json
import time
import urllib.parse
import urllib.request

PATIENCE_SECONDS = 60


def ask(url, keys, path, **parameters):
    """What the answer to a GET below ``/binance`` holds."""
    parameters["timestamp"] = int(time.time() * 1000)
    query = urllib.parse.urlencode(parameters)
    signature = hmac.new(keys["secret"].encode(), query.encode(), hashlib.sha256).hexdigest()
    request = urllib.request.Request(
        f"{url}/binance{path}?{query}&signature={signature}", headers={"X-MBX-APIKEY": keys["apiKey"]}
    )
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
        return json.load(answer)
