'use strict';
// Webhooks in AWS Lambda: behind API Gateway (REST, version 1; HTTP, version 2), a function URL or a load balancer.

const { checkHandler, checkSize, checkVerifier, notARequest, receive, valuesIn, verifyRaw, wrongSetUp } = require('./request');

const FIX = "use a proxy integration and pass the handler's own event on, before anything parses event.body";

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
  if (typeof body !== 'string') throw wrongSetUp('AWS Lambda', `event.body is no text any more but of the type ${typeof body}`, FIX);
  // Some gateways and templates write it as text.
  if (isBase64Encoded !== true && isBase64Encoded !== 'true') return Buffer.from(body);
  checkSize(verifier, Math.floor(body.length / 4) * 3 - 2);
  // Buffer.from reads on over what is no Base64.
  if (body.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(body)) {
    throw wrongSetUp('AWS Lambda', 'event.isBase64Encoded is true, and event.body is no Base64', FIX);
  }
  return Buffer.from(body, 'base64');
}

function webhooks(verifier, handler, options = {}) {
  checkVerifier(verifier);
  checkHandler(handler);
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
