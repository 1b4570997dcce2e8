// Node and `ws`: each tick is framed once by its Sender and the frame written to every socket, which is faster
// than send() on each. Arguments as in ticks.py; the option `send` takes send() instead.
"use strict";
const { WebSocketServer, Sender } = require("ws");
const [, , port, connections, rate, ramp, stepSeconds, stamp, option] = process.argv;
const SETTLE_MS = 200;
const MOST_TICKS_PER_TURN = 64;

const nowNs = () => Number(process.hrtime.bigint());
const clients = new Set();
let opened = 0;

const server = new WebSocketServer({ port: +port, host: "127.0.0.1", perMessageDeflate: false, backlog: 4096 });
server.on("connection", (client) => {
  clients.add(client);
  client.on("close", () => clients.delete(client));
  client.on("error", () => {});
  client.on("message", () => {});
  if (++opened === +connections) setTimeout(publish, SETTLE_MS);
});

function price(units) {
  return `${Math.floor(units / 100000)}.${String(units % 100000).padStart(5, "0")}`;
}

function broadcast(text) {
  const payload = Buffer.from(text);
  if (option === "send") {
    for (const client of clients) client.send(payload, { binary: false });
    return;
  }
  const options = { fin: true, opcode: 1, mask: false, readOnly: true, rsv1: false };
  const frame = Buffer.concat(Sender.frame(payload, options));
  for (const client of clients) client._socket.write(frame);
}

function publish() {
  const stepNs = stepSeconds * 1e9;
  let next = nowNs(), gap = 1e9 / rate, stepEnds = next + stepNs, count = 0;

  function turn() {
    if (!clients.size) process.exit(0);
    const now = nowNs();
    for (let sent = 0; next <= now && sent < MOST_TICKS_PER_TURN; sent++) {
      const number = 100000 + (count++ % 100000);
      const t = stamp === "created" ? nowNs() : Math.round(next);
      broadcast(
        `{"type":"tick","symbol":"EURUSD","bid":${price(number)},"ask":${price(number + 20)},` +
          `"time":1709742000000,"t":${t}}`,
      );
      next += gap;
      if (next > stepEnds) {
        gap /= ramp;
        stepEnds += stepNs;
      }
    }
    const leftMs = (next - nowNs()) / 1e6;
    if (leftMs <= 0) setImmediate(turn);
    else setTimeout(turn, Math.max(1, Math.floor(leftMs)));
  }

  turn();
}
