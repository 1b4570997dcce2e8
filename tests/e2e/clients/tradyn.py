import websocket, json

API_KEY = "tk_live_a1b2c3d4e5f6"
WS_URL = "ws://127.0.0.1:8080"

ws = websocket.create_connection(WS_URL)
print(ws.recv()) # Welcome message

# Authenticate
ws.send(json.dumps({"type": "auth", "apiKey": API_KEY}))
auth = json.loads(ws.recv())
print(f"Auth: {auth['message']}")

# Subscribe to symbols
ws.send(json.dumps({
    "type": "subscribe",
    "symbols": ["EURUSD", "GBPUSD", "XAUUSD"]
}))
print(ws.recv()) # Subscription confirmation

# Stream ticks
while True:
    msg = json.loads(ws.recv())
    if msg["type"] == "tick":
        print(f"{msg['symbol']:>8} {msg['bid']:.5f} / {msg['ask']:.5f}")
