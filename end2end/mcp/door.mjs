// Stands before a Berth server and adds the token that the conformance suite cannot send:
//   BERTH_URL=… BERTH_TOKEN=… node door.mjs      prints the URL to test, and serves until it is ended
// Everything else is handed on as it is, streams piece by piece.

import http from "node:http";
import https from "node:https";

const server = new URL(process.env.BERTH_URL);
const token = process.env.BERTH_TOKEN;
const { request } = server.protocol === "https:" ? https : http;

const door = http.createServer((asked, answer) => {
  const headers = { ...asked.headers, authorization: `Bearer ${token}` };
  const options = { method: asked.method, headers, servername: server.hostname };
  const on = request(new URL(asked.url, server), options, (told) => {
    answer.writeHead(told.statusCode, told.headers);
    told.on("error", (error) => answer.destroy(error));
    told.pipe(answer);
  });
  on.on("error", (error) => answer.destroy(error));
  answer.on("close", () => on.destroy());
  asked.pipe(on);
});

door.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${door.address().port}/mcp`));
