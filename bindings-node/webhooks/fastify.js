'use strict';
// Webhooks in Fastify.

const {
  checkHandler,
  checkLength,
  checkVerifier,
  isUnread,
  keptBody,
  notARequest,
  readStream,
  receive,
  valuesOf,
  verifyRaw,
  wrongSetUp,
} = require('./request');

const FIX = 'take the route away and `app.register(webhooks, { verifier, url, handler })`, which keeps the JSON parser out';

async function verify(verifier, request) {
  checkVerifier(verifier);
  if (typeof request?.headers !== 'object' || !request.raw) throw notARequest('Fastify', request, FIX);
  return verifyRaw(verifier, await rawBodyOf(verifier, request), valuesOf(request.raw));
}

async function rawBodyOf(verifier, request) {
  const kept = keptBody(request);
  if (kept) return kept;
  // Fastify asks no parser where a request came without a body.
  if (request.body === undefined) return Buffer.alloc(0);
  if (!isUnread(request.body)) throw wrongSetUp('Fastify', "a content type parser has read the body before", FIX);
  checkLength(verifier, request.headers['content-length']);
  return readStream(verifier, request.body);
}

async function webhooks(scope, { verifier, url, handler, onRefusal }) {
  checkVerifier(verifier);
  checkHandler(handler);
  // Both reach no further than this plugin's own routes.
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  scope.post(url, (request, reply) => {
    const log = (error) => request.log.warn(`kopokopo: webhook refused: ${error.message}`);
    return receive(
      { onRefusal: onRefusal ?? log },
      () => verify(verifier, request),
      async (event) => {
        const answer = await handler(event, request, reply);
        return reply.sent ? reply : (answer ?? reply.send());
      },
      ({ status, text }) => reply.code(status).type('text/plain; charset=utf-8').send(text),
    );
  });
}

module.exports = { verify, webhooks };
