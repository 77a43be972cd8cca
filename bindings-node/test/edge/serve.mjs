// Serves `program.mjs` with node:http: `node serve.mjs PORT`.

import http from 'node:http';
import { Readable } from 'node:stream';
import { respond } from './program.mjs';

const server = http.createServer(async (incoming, response) => {
  const headers = new Headers();
  for (let index = 0; index < incoming.rawHeaders.length; index += 2) headers.append(incoming.rawHeaders[index], incoming.rawHeaders[index + 1]);
  const { method, url } = incoming;
  const request = new Request(`http://shop.example${url}`, { method, headers, body: Readable.toWeb(incoming), duplex: 'half' });
  const result = await respond(request);
  response.writeHead(result.status).end(Buffer.from(await result.arrayBuffer()));
});
server.listen(Number(process.argv[2]), '127.0.0.1');
