'use strict';
// Webhooks in whatever hands over a web Request. Errors name the framework, and say what to write there.

const { brokenOff, checkHandler, checkLength, checkSize, checkVerifier, notARequest, receive, verifyRaw, wrongSetUp } = require('./request');

/**
 * `fix` says how to leave the body raw; `parsedFix` where to go with a request that is no web Request.
 */
function adapter(framework, fix, parsedFix = fix) {
  async function verify(verifier, request) {
    checkVerifier(verifier);
    if (typeof request?.headers?.get !== 'function') {
      const how = typeof request?.headers === 'object' ? parsedFix : fix;
      throw notARequest(framework, request, how);
    }
    if (request.bodyUsed || request.body?.locked) {
      throw wrongSetUp(framework, 'request.json(), request.text() or something else has read the body before', fix);
    }
    checkLength(verifier, request.headers.get('content-length'));
    const value = request.headers.get('X-KopoKopo-Signature');
    return verifyRaw(verifier, await read(verifier, request.body), value === null ? [] : [value]);
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

  return { verify, webhooks };
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

module.exports = { adapter };
