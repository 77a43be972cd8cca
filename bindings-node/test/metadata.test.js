'use strict';
// Metadata keeps its order, in requests and in results.

const assert = require('node:assert');
const http = require('node:http');
const { test } = require('node:test');
const { KopoKopo, WebhookVerifier } = require('..');

const METADATA = { z: 'first', a: 2, m: true };
const WRITTEN = JSON.stringify(METADATA);

test('metadata of a request keeps the order of the program', async (t) => {
  const bodies = [];
  const server = http.createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    if (request.url === '/oauth/token') {
      response.writeHead(200).end('{"access_token":"t","token_type":"Bearer","expires_in":3600}');
      return;
    }
    bodies.push(Buffer.concat(parts).toString());
    response.writeHead(201, { location: '/api/v2/incoming_payments/1' }).end();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const baseUrl = `http://127.0.0.1:${server.address().port}`;
  const client = new KopoKopo({ clientId: 'a', clientSecret: 'b', baseUrl, privateToken: true });
  await client.incomingPayments.create({
    tillNumber: 'K000000',
    phoneNumber: '0712345678',
    amount: '100',
    callbackUrl: 'https://shop.example',
    metadata: METADATA,
  });
  assert.strictEqual(bodies.length, 1);
  assert.ok(bodies[0].includes(`"metadata":${WRITTEN}`), bodies[0]);
});

test('metadata of a result keeps the order of the server', () => {
  const body = `{"data":{"id":"1","type":"incoming_payment","attributes":{"status":"Failed","metadata":${WRITTEN}}}}`;
  const event = new WebhookVerifier({ apiKeys: ['api-key'] }).parseUnverified(Buffer.from(body));
  assert.strictEqual(JSON.stringify(event.payload.incomingPayment.metadata), WRITTEN);
});
