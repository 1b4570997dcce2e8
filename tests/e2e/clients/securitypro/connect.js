const ws = new WebSocket('wss://api.securitypro.com/market/ws');

ws.onopen = () => {
  ws.send(JSON.stringify({
    op: "subscribe",
    channel: "trades",
    symbol: "BTC-USD",
    apiKey: process.env.API_KEY
  }));
};

ws.onmessage = (ev) => {
  const msg = JSON.parse(ev.data);
  console.log(msg);
};

ws.onclose = () => {
  // TODO: reconnect with backoff (see below)
};
