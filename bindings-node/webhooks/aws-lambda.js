'use strict';
// Webhooks in AWS Lambda: behind API Gateway (REST, version 1; HTTP, version 2), a function URL or a load balancer.

const { bodyNotRaw, checkHandler, checkSize, checkVerifier, notARequest, receive, valuesIn, verifyRaw } = require('./request');

const FIX = "use a proxy integration, and pass the handler's own event before anything parses event.body";

function verify(verifier, request) {
  checkVerifier(verifier);
  const isRequest =
    typeof request === 'object' && request !== null && ['body', 'headers', 'multiValueHeaders'].some((name) => name in request);
  if (!isRequest) throw notARequest('AWS Lambda', request, FIX);
  const values = [...valuesIn(request.headers), ...valuesIn(request.multiValueHeaders)];
  return verifyRaw(verifier, rawBodyOf(verifier, request), values);
}

function rawBodyOf(verifier, { body, isBase64Encoded }) {
  if (body === undefined || body === null) return Buffer.alloc(0);
  if (typeof body !== 'string') throw bodyNotRaw('AWS Lambda', `event.body must be text, and is of type ${typeof body}`, FIX);
  // Some gateways and templates write the flag as text.
  if (isBase64Encoded !== true && isBase64Encoded !== 'true') return Buffer.from(body);
  checkSize(verifier, Math.floor(body.length / 4) * 3 - 2);
  // Buffer.from ignores characters that are not Base64.
  if (body.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(body)) {
    throw bodyNotRaw('AWS Lambda', 'event.isBase64Encoded is true, and event.body is not Base64', FIX);
  }
  return Buffer.from(body, 'base64');
}

function webhooks(verifier, handler, options = {}) {
  checkVerifier(verifier);
  checkHandler(handler, options);
  return (request, context) =>
    receive(
      options,
      () => verify(verifier, request),
      async (event) => (await handler(event, request, context)) ?? response(200, ''),
      ({ status, text }) => response(status, text),
    );
}

const response = (statusCode, body) => ({
  statusCode,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body,
  isBase64Encoded: false,
});

module.exports = { verify, webhooks };
