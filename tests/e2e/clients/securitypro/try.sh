# WebSocket quick test (requires wscat: npm i -g wscat)
wscat -c wss://api.securitypro.com/market/ws
# then paste:
# {"op":"subscribe","channel":"trades","symbol":"BTC-USD","apiKey":"<API_KEY>"}
curl -X GET "$API_BASE/v1/market/ticker?symbol=BTC-USD" \
  -H "X-API-Key: $API_KEY"
