import json, websocket

def on_open(ws):
    ws.send(json.dumps({
      "op":"subscribe",
      "channel":"ticker",
      "symbol":"BTC-USD",
      "apiKey": os.getenv("API_KEY") }))

def on_message(ws, message):
    data = json.loads(message)
    if data.get("channel") == "ticker":
        print("price:", data.get("price"))

ws = websocket.WebSocketApp("wss://api.securitypro.com/market/ws",
                            on_open=on_open, on_message=on_message)
ws.run_forever()
