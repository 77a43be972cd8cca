// `program.mjs` over node:http: `node serve.mjs PORT`.

import http from 'node:http';
import { Readable } from 'node:stream';
import { answer } from './program.mjs';

const server = http.createServer(async (incoming, response) => {
  const headers = new Headers();
  for (let at = 0; at < incoming.rawHeaders.length; at += 2) headers.append(incoming.rawHeaders[at], incoming.rawHeaders[at + 1]);
  const { method, url } = incoming;
  const answered = await answer(new Request(`http://shop.example${url}`, { method, headers, body: Readable.toWeb(incoming), duplex: 'half' }));
  response.writeHead(answered.status).end(Buffer.from(await answered.arrayBuffer()));
});
server.listen(Number(process.argv[2]), '127.0.0.1');
