'use strict';
// A server on loopback that answers when it is told to, and counts what arrives.

const http = require('node:http');
const { KopoKopo } = require('../..');

const TOKEN = '{"access_token":"t","token_type":"Bearer","expires_in":3600}';

/** `respond(request, response, nth)` answers everything but the token's requests. `held` are the responses it kept. */
async function start(t, respond, options = {}) {
  const seen = [];
  const arrivals = [];
  const server = http.createServer((request, response) => {
    request.resume();
    if (request.url === '/oauth/token') {
      if (options.holdsToken) return;
      response.end(TOKEN);
      return;
    }
    seen.push(request.method);
    for (const tell of arrivals.splice(0)) tell();
    respond(request, response, seen.length);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const baseUrl = `http://127.0.0.1:${server.address().port}`;
  const client = new KopoKopo({ clientId: 'a', clientSecret: 'b', baseUrl, privateToken: true, ...options.client });
  return { client, seen, arrival: () => new Promise((resolve) => arrivals.push(resolve)), count: (method) => seen.filter((one) => one === method).length };
}

const payment = (status) => JSON.stringify({ data: { id: 'an-id', type: 'incoming_payment', attributes: { status } } });

/** A create that is accepted. */
function accept(request, response) {
  response.writeHead(201, { location: `http://${request.headers.host}/api/v2/incoming_payments/an-id` }).end();
}

const PUSH = { tillNumber: 'K000000', phoneNumber: '0712345678', amount: '100', callbackUrl: 'https://shop.example' };

module.exports = { PUSH, accept, payment, start };
