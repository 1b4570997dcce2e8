import WebSocket from "ws";

const ws = new WebSocket("wss://api.securitypro.com/market/ws");

ws.on("open", () => {
  ws.send(JSON.stringify({ 
    op: "subscribe", 
    channel: "ticker", 
    symbol: "BTC-USD", 
    apiKey: process.env.API_KEY }));
});

ws.on("message", (msg) => {
  const data = JSON.parse(msg.toString());
  if (data.channel === "ticker") console.log("price:", data.price);
});
