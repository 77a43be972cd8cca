'use strict';
// A server on loopback that responds as a test says, and records the requests.

const http = require('node:http');
const { KopoKopo } = require('../..');

const TOKEN = '{"access_token":"t","token_type":"Bearer","expires_in":3600}';

/**
 * Starts a server and a client for it. `respond(request, response, number)` responds to all requests but those of
 * tokens. With `options.holdsToken`, requests of tokens get no response.
 */
async function start(t, respond, options = {}) {
  const methods = [];
  const listeners = [];
  const server = http.createServer((request, response) => {
    request.resume();
    if (request.url === '/oauth/token') {
      if (options.holdsToken) return;
      response.end(TOKEN);
      return;
    }
    methods.push(request.method);
    for (const listener of listeners.splice(0)) listener();
    respond(request, response, methods.length);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const baseUrl = `http://127.0.0.1:${server.address().port}`;
  const client = new KopoKopo({ clientId: 'a', clientSecret: 'b', baseUrl, privateToken: true, ...options.client });
  return {
    client,
    methods,
    nextRequest: () => new Promise((resolve) => listeners.push(resolve)),
    count: (method) => methods.filter((other) => other === method).length,
  };
}

const payment = (status) => JSON.stringify({ data: { id: 'an-id', type: 'incoming_payment', attributes: { status } } });

/** Accepts a create. */
function accept(request, response) {
  response.writeHead(201, { location: `http://${request.headers.host}/api/v2/incoming_payments/an-id` }).end();
}

const PUSH = { tillNumber: 'K000000', phoneNumber: '0712345678', amount: '100', callbackUrl: 'https://shop.example' };

module.exports = { PUSH, accept, payment, start };
