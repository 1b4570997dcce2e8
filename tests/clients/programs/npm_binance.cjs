// binance for Node.js: REST, streams, the WebSocket API, a user's events, and what refusals are.

const told = JSON.parse(process.argv[2]);
const { MainClient, WebsocketAPIClient, WebsocketClient } = require(
  require.resolve("binance", { paths: [told.modules] }),
);

const { settings } = told;
const keys = { api_key: told.keys.apiKey, api_secret: told.keys.secret };
const quiet = { trace() {}, info() {}, error() {} };
const symbol = "BTCUSDT";
const topics = ["btcusdt@trade", "btcusdt@depth@100ms", "btcusdt@kline_1m"];

// What is thrown by a call that is refused.
async function refusal(call) {
  try {
    return await call();
  } catch (error) {
    return error;
  }
}

async function main() {
  const report = { events: [] };
  const client = new MainClient({ ...settings.MainClient, ...keys });
  const { symbols } = await client.getExchangeInfo({ symbol });
  report.filters = symbols[0].filters.map((filter) => filter.filterType);
  report.book = await client.getOrderBook({ symbol, limit: 5 });

  const streams = new WebsocketClient({ ...settings.WebsocketClient, ...keys }, quiet);
  const seen = new Set();
  const all = new Promise((resolve) => {
    streams.on("message", (message) => {
      seen.add(message.e ?? message.data?.e);
      if (["trade", "depthUpdate", "kline"].every((kind) => seen.has(kind))) resolve();
    });
  });
  streams.subscribe(topics, "main");

  const api = new WebsocketAPIClient({ ...settings.WebsocketAPIClient, ...keys }, quiet);
  const done = new Promise((resolve) => {
    api.getWSClient().on("message", (message) => {
      const event = message.event ?? message;
      if (event.e === undefined) return;
      report.events.push(event);
      if (event.X === "FILLED" && event.S === "SELL") resolve();
    });
  });
  await api.subscribeUserDataStream("mainWSAPI");
  const order = { symbol, type: "MARKET", quantity: 0.01 };
  report.bought = await client.submitNewOrder({ ...order, side: "BUY", newOrderRespType: "FULL" });
  report.sold = (await api.submitNewSpotOrder({ ...order, side: "SELL", timestamp: Date.now() })).result;
  const much = { ...order, quantity: 50, side: "SELL" };
  report.refused = await refusal(() => client.submitNewOrder(much));
  report.refusedBySocket = await refusal(() => api.submitNewSpotOrder({ ...much, timestamp: Date.now() }));
  report.trades = await client.getAccountTradeList({ symbol });
  await Promise.all([all, done]);
  report.seen = [...seen].sort();
  console.log(JSON.stringify(report));
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
