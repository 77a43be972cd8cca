'use strict';
// The body of a webhook as it was received.

const { InvalidRequestError, SignatureError } = require('./errors');

const REMEDY =
  'must be the raw body: a Buffer, Uint8Array, ArrayBuffer, or its text. A signature covers the body as it was received, ' +
  'and no parsed one: keep the raw body, or use an adapter, such as kopokopo/express';

/** Node's own class is the fastest. Edge runtimes need not have it. */
const { is, ofText, view, copy } =
  typeof Buffer === 'function'
    ? {
        is: Buffer.isBuffer,
        ofText: (text) => Buffer.from(text, 'utf8'),
        view: (buffer, at, length) => Buffer.from(buffer, at, length),
        copy: (bytes) => Buffer.from(bytes),
      }
    : {
        is: (bytes) => bytes instanceof Uint8Array,
        ofText: (text) => new TextEncoder().encode(text),
        view: (buffer, at, length) => new Uint8Array(buffer, at, length),
        copy: (bytes) => new Uint8Array(bytes),
      };

/** The bytes of a body. A text stands for its UTF-8: where it was decoded wrongly before, the signature does not match. */
function bytes(body) {
  if (is(body) && !isShared(body.buffer)) return body;
  if (typeof body === 'string') return ofText(body);
  if (body instanceof ArrayBuffer) return view(body);
  if (ArrayBuffer.isView(body)) {
    const found = view(body.buffer, body.byteOffset, body.byteLength);
    // Another thread could change what was verified.
    return isShared(body.buffer) ? copy(found) : found;
  }
  throw new InvalidRequestError(`body: ${REMEDY}`, { field: 'body' });
}

const isShared = (buffer) => typeof SharedArrayBuffer !== 'undefined' && buffer instanceof SharedArrayBuffer;

/** The header's text; null where there was none. */
function header(signature) {
  if (typeof signature === 'string' || signature === null) return signature;
  if (signature === undefined) return null;
  if (Array.isArray(signature)) {
    throw new SignatureError('the header X-KopoKopo-Signature came more than once: one of them is a stranger\'s');
  }
  throw new InvalidRequestError('signature: must be the text of the header X-KopoKopo-Signature', { field: 'signature' });
}

/** Text that crosses by itself, beside bytes. */
function text(value, name) {
  if (typeof value !== 'string') throw new InvalidRequestError(`${name}: must be text`, { field: name });
  return value;
}

module.exports = { bytes, header, text };
