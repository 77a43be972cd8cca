'use strict';
// Webhooks in Fastify.

const {
  bodyNotRaw,
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
} = require('./request');

const FIX = 'replace the route by `app.register(webhooks, { verifier, url, handler })`, which does not use the JSON parser';

async function verify(verifier, request) {
  checkVerifier(verifier);
  if (typeof request?.headers !== 'object' || !request.raw) throw notARequest('Fastify', request, FIX);
  return verifyRaw(verifier, await rawBodyOf(verifier, request), valuesOf(request.raw));
}

async function rawBodyOf(verifier, request) {
  const kept = keptBody(request);
  if (kept) return kept;
  // Fastify calls no parser if a request has no body.
  if (request.body === undefined) return Buffer.alloc(0);
  if (!isUnread(request.body)) throw bodyNotRaw('Fastify', 'a content type parser has read the body before', FIX);
  checkLength(verifier, request.headers['content-length']);
  return readStream(verifier, request.body);
}

async function webhooks(scope, { verifier, url, handler, onRefusal, journal }) {
  checkVerifier(verifier);
  checkHandler(handler, { journal });
  // Both apply only to the routes of this plugin.
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  scope.post(url, (request, reply) => {
    const log = (error) => request.log.warn(`kopokopo: webhook refused: ${error.message}`);
    return receive(
      { onRefusal: onRefusal ?? log, journal },
      () => verify(verifier, request),
      async (event) => {
        const payload = await handler(event, request, reply);
        return reply.sent ? reply : (payload ?? reply.send());
      },
      ({ status, text }) => reply.code(status).type('text/plain; charset=utf-8').send(text),
    );
  });
}

module.exports = { verify, webhooks };
