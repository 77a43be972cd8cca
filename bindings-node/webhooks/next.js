'use strict';
// Webhooks in Next.js route handlers, and in whatever hands over a web Request: Remix, Hono, Bun, Deno.

const { brokenOff, checkHandler, checkLength, checkSize, checkVerifier, notARequest, receive, verifyRaw, wrongSetUp } = require('./request');

const FIX = 'call `await verify(verifier, request)` in place of request.json(), or `export const POST = webhooks(verifier, handler)`';
const PAGES_FIX =
  'in the Pages Router take `webhooks` from kopokopo/express and `export const config = { api: { bodyParser: false } }`';

async function verify(verifier, request) {
  checkVerifier(verifier);
  if (typeof request?.headers?.get !== 'function') {
    const fix = typeof request?.headers === 'object' ? PAGES_FIX : FIX;
    throw notARequest('Next.js', request, fix);
  }
  if (request.bodyUsed || request.body?.locked) {
    throw wrongSetUp('Next.js', 'request.json(), request.text() or something else has read the body before', FIX);
  }
  checkLength(verifier, request.headers.get('content-length'));
  const value = request.headers.get('X-KopoKopo-Signature');
  return verifyRaw(verifier, await read(verifier, request.body), value === null ? [] : [value]);
}

async function read(verifier, stream) {
  if (!stream) return new Uint8Array();
  const reader = stream.getReader();
  const parts = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw brokenOff();
    });
    if (done) break;
    parts.push(value);
    size += value.byteLength;
    if (size > verifier.maxBody) {
      reader.cancel().catch(() => {});
      checkSize(verifier, size);
    }
  }
  const body = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    body.set(part, at);
    at += part.byteLength;
  }
  return body;
}

function webhooks(verifier, handler, options = {}) {
  checkVerifier(verifier);
  checkHandler(handler);
  return (request, ...context) =>
    receive(
      options,
      () => verify(verifier, request),
      async (event) => (await handler(event, request, ...context)) ?? new Response(null, { status: 200 }),
      ({ status, text }) => new Response(text, { status, headers: { 'content-type': 'text/plain; charset=utf-8' } }),
    );
}

module.exports = { verify, webhooks };
