// Connects to Rails with Node's ws, sends the texts in REQUESTS, and prints every message.
import { createRequire } from "node:module";

const [url, token, modules] = process.argv.slice(2);
const WebSocket = createRequire(modules + "/")("ws");
const socket = new WebSocket(url, [`authorization#${token}`]);
socket.on("open", () => {
  console.log(JSON.stringify({ resultType: "open", protocol: socket.protocol === `authorization#${token}` }));
  for (const text of JSON.parse(process.env.REQUESTS)) socket.send(text);
});
socket.on("message", (data) => console.log(data.toString()));
socket.on("close", (code) => console.log(JSON.stringify({ resultType: "closed", code })));
