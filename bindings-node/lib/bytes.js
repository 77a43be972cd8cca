'use strict';
// The raw body and the signature of a webhook.

const { InvalidRequestError, SignatureError } = require('./errors');

const REMEDY =
  'must be the raw body: a Buffer, Uint8Array, ArrayBuffer, or its text. The signature covers the body as it was received, ' +
  'not a parsed one: keep the raw body, or use an adapter, such as kopokopo/express';

/** Buffer is the fastest class for this. Some edge runtimes do not have it. */
const { isBytes, encode, view, copy } =
  typeof Buffer === 'function'
    ? {
        isBytes: Buffer.isBuffer,
        encode: (text) => Buffer.from(text, 'utf8'),
        view: (buffer, offset, length) => Buffer.from(buffer, offset, length),
        copy: (bytes) => Buffer.from(bytes),
      }
    : {
        isBytes: (value) => value instanceof Uint8Array,
        encode: (text) => new TextEncoder().encode(text),
        view: (buffer, offset, length) => new Uint8Array(buffer, offset, length),
        copy: (bytes) => new Uint8Array(bytes),
      };

/**
 * Returns the bytes of a body. A text is encoded as UTF-8: if it was decoded with another encoding, the signature does
 * not match.
 */
function bytes(body) {
  if (isBytes(body) && !isShared(body.buffer)) return body;
  if (typeof body === 'string') return encode(body);
  if (body instanceof ArrayBuffer) return view(body);
  if (ArrayBuffer.isView(body)) {
    const found = view(body.buffer, body.byteOffset, body.byteLength);
    // Another thread could change shared memory after the verification.
    return isShared(body.buffer) ? copy(found) : found;
  }
  throw new InvalidRequestError(`body: ${REMEDY}`, { field: 'body' });
}

const isShared = (buffer) => typeof SharedArrayBuffer !== 'undefined' && buffer instanceof SharedArrayBuffer;

/** Returns the text of the signature header; null if the header is absent. */
function header(signature) {
  if (typeof signature === 'string' || signature === null) return signature;
  if (signature === undefined) return null;
  if (Array.isArray(signature)) {
    throw new SignatureError('multiple X-KopoKopo-Signature headers received; expected exactly one');
  }
  throw new InvalidRequestError('signature: must be the text of the header X-KopoKopo-Signature', { field: 'signature' });
}

/** Checks that an argument is text. For arguments that the native addon gets directly, and not as JSON. */
function text(value, name) {
  if (typeof value !== 'string') throw new InvalidRequestError(`${name}: must be text`, { field: name });
  return value;
}

module.exports = { bytes, header, text };
