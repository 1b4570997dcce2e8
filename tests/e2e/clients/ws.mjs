// Subscribes with Node's ws, prints every message, and at the end how the connection closed.
import { createRequire } from "node:module";

const [url, modules] = process.argv.slice(2);
const WebSocket = createRequire(modules + "/")("ws");
const socket = new WebSocket(url);
socket.on("open", () => {
  socket.send(JSON.stringify({ type: "auth", apiKey: "tk_live_a1b2c3d4e5f6" }));
  socket.send(JSON.stringify({ type: "subscribe", symbols: ["EURUSD", "GBPUSD"] }));
});
socket.on("message", (data, isBinary) => {
  if (isBinary) throw new Error("binary");
  console.log(data.toString());
});
socket.on("close", (code, reason) => console.log(JSON.stringify({ type: "closed", code, reason: reason.toString() })));
