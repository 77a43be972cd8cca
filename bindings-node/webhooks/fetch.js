'use strict';
// Webhooks as web Requests. Errors name the framework and its remedy.

const {
  bodyNotRaw,
  checkHandler,
  checkLength,
  checkSize,
  checkVerifier,
  incompleteBody,
  notARequest,
  receive,
  verifyRaw,
} = require('./request');

/**
 * Returns `verify` and `webhooks` for a framework. `fix` says how to keep the body raw. `otherRequestFix` says what to
 * use for a request that is not a web Request.
 */
function adapter(framework, fix, otherRequestFix = fix) {
  async function verify(verifier, request) {
    checkVerifier(verifier);
    if (typeof request?.headers?.get !== 'function') {
      throw notARequest(framework, request, typeof request?.headers === 'object' ? otherRequestFix : fix);
    }
    if (request.bodyUsed || request.body?.locked) {
      throw bodyNotRaw(framework, 'request.json(), request.text() or other code has read the body before', fix);
    }
    checkLength(verifier, request.headers.get('content-length'));
    const value = request.headers.get('X-KopoKopo-Signature');
    return verifyRaw(verifier, await read(verifier, request.body), value === null ? [] : [value]);
  }

  function webhooks(verifier, handler, options = {}) {
    checkVerifier(verifier);
    checkHandler(handler, options);
    return (request, ...context) =>
      receive(
        options,
        () => verify(verifier, request),
        async (event) => (await handler(event, request, ...context)) ?? new Response(null, { status: 200 }),
        ({ status, text }) => new Response(text, { status, headers: { 'content-type': 'text/plain; charset=utf-8' } }),
      );
  }

  return { verify, webhooks };
}

async function read(verifier, stream) {
  if (!stream) return new Uint8Array();
  const reader = stream.getReader();
  const parts = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw incompleteBody();
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

module.exports = { adapter };
