'use strict';
// The connections that clients with and without `freshConnections` make.

const assert = require('node:assert');
const http = require('node:http');
const { test } = require('node:test');
const { KopoKopo } = require('..');

for (const [freshConnections, connections] of [
  [true, 2],
  [false, 1],
]) {
  test(`two creates with freshConnections: ${freshConnections} make ${connections} connections`, async (t) => {
    const ports = [];
    const server = http.createServer((request, response) => {
      request.resume();
      request.on('end', () => {
        if (request.url === '/oauth/token') {
          response.writeHead(200).end('{"access_token":"t","token_type":"Bearer","expires_in":3600}');
          return;
        }
        ports.push(request.socket.remotePort);
        response.writeHead(201, { location: `${request.url}/1`, 'content-length': '0' }).end();
      });
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => {
      server.closeAllConnections?.();
      server.close();
    });
    const baseUrl = `http://127.0.0.1:${server.address().port}`;
    const client = new KopoKopo({ clientId: 'a', clientSecret: 'b', baseUrl, privateToken: true, freshConnections });
    for (let call = 0; call < 2; call += 1) await client.rawRequests.post({ path: '/api/v2/example', body: '{}' });
    assert.deepStrictEqual([ports.length, new Set(ports).size], [2, connections]);
  });
}
