let ws;
let delay = 1000;

function connect() {
  ws = new WebSocket('wss://api.securitypro.com/market/ws');

  ws.onopen = () => {
    delay = 1000;
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
    const jitter = Math.floor(Math.random() * 250);
    setTimeout(connect, delay + jitter);
    delay = Math.min(delay * 2, 30000);
  };

  ws.onerror = () => ws.close();
}

connect();
