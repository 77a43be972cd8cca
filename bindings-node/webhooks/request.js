'use strict';
// What all adapters share.

const { checkOptions } = require('../lib/arguments');
const { KopoKopoError } = require('../lib/error');
const { ConfigurationError, DecodeError, InvalidRequestError, JournalError, SignatureError } = require('../lib/errors');

const HEADER = 'x-kopokopo-signature';

/** The signature errors of bodies larger than `maxBody`: their response is 413, and not 401. */
const tooLargeErrors = new WeakSet();

/** The errors of events that the journal could not observe. They can be of any kind, such as `invalid_request`. */
const unobservedErrors = new WeakSet();

function checkVerifier(verifier) {
  if (typeof verifier?.verify !== 'function' || typeof verifier.maxBody !== 'number') {
    throw new InvalidRequestError('verifier: must be k2.webhooks or a WebhookVerifier', { field: 'verifier' });
  }
}

function checkHandler(handler, options) {
  if (typeof handler !== 'function') {
    throw new InvalidRequestError('handler: must be a function, which is called with each verified event', { field: 'handler' });
  }
  checkJournal(checkOptions(options, ['onRefusal', 'journal'], 'options').journal);
}

/** The verifier of an edge runtime has no client, so any object that observes events is a journal. */
function checkJournal(journal) {
  if (journal === undefined || journal === null || typeof journal.observe === 'function') return;
  throw new ConfigurationError('journal: must be k2.journal, or an object with a method observe(event)', { field: 'journal' });
}

/** Returns the error for a request whose raw body is not available. */
function bodyNotRaw(framework, problem, fix) {
  return new InvalidRequestError(`${framework}: ${problem}. The signature covers the raw body: ${fix}`, { field: 'body' });
}

/** Returns the error for a parsed body, or another value, in place of the request. */
function notARequest(framework, value, fix) {
  const type = value === null ? 'null' : Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
  return bodyNotRaw(framework, `verify was called with ${type} instead of the request`, fix);
}

const incompleteBody = () => new SignatureError('the connection closed before the full body was received');

function checkSize(verifier, size) {
  if (size <= verifier.maxBody) return;
  const error = new SignatureError(`the body has ${size} bytes or more; the limit is maxBody: ${verifier.maxBody}`);
  tooLargeErrors.add(error);
  throw error;
}

/** Refuses a body by its Content-Length, before it is read. */
function checkLength(verifier, header) {
  if (/^\d+$/.test(header ?? '')) checkSize(verifier, Number(header));
}

/** Returns all values of the signature header in an object of headers. The case of names does not matter. */
function valuesIn(headers) {
  return Object.entries(headers ?? {})
    .filter(([name]) => name.toLowerCase() === HEADER)
    .flatMap(([, value]) => value ?? []);
}

/**
 * Returns all values of the signature header in a node:http request. `headers` has repeated ones joined; `rawHeaders`
 * has each.
 */
function valuesOf({ rawHeaders = [], headers }) {
  const raw = rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1].toLowerCase() === HEADER);
  return raw.length > 0 ? raw : valuesIn(headers);
}

/** Verifies a body with all values of the header, joined as HTTP joins them. The verifier refuses different ones. */
function verifyRaw(verifier, body, values) {
  checkSize(verifier, body.byteLength);
  return verifier.verify(body, values.length === 0 ? null : values.map(String).join(', '));
}

/** Returns whether no other code has started to read a stream. */
function isUnread(stream) {
  return (
    typeof stream?.on === 'function' &&
    !stream.readableDidRead &&
    !stream.readableEnded &&
    stream.readableFlowing !== true &&
    !stream.readableEncoding
  );
}

/** Reads an unread stream, and returns a promise of its bytes. Rejects if there are more than `maxBody`. */
function readStream(verifier, stream) {
  return new Promise((resolve, reject) => {
    if (stream.destroyed) throw incompleteBody();
    const parts = [];
    let size = 0;
    // The rest of a body that is too large is read and dropped: a sender that is still sending would not read the
    // response.
    stream.on('data', (part) => {
      size += part.byteLength;
      if (size <= verifier.maxBody) {
        parts.push(part);
        return;
      }
      parts.length = 0;
      try {
        checkSize(verifier, size);
      } catch (error) {
        reject(error);
      }
    });
    stream.on('end', () => resolve(Buffer.concat(parts)));
    stream.on('error', () => reject(incompleteBody()));
    stream.on('close', () => reject(incompleteBody()));
  });
}

/** Returns the bytes of a raw body that was kept as bytes or as text. The signature covers the text's UTF-8. */
function keptBody(request) {
  const kept = [request.rawBody, request.body].find((body) => ArrayBuffer.isView(body) || typeof body === 'string');
  return typeof kept === 'string' ? Buffer.from(kept) : kept;
}

/**
 * Returns a promise of the raw body of a request of node:http, or of a framework that uses it: the body that was kept,
 * or the body read from the stream. Resolves to undefined if the body was read before and not kept.
 */
async function rawBodyOf(verifier, request) {
  const kept = keptBody(request);
  if (kept) return kept;
  if (!isUnread(request)) return undefined;
  checkLength(verifier, request.headers['content-length']);
  return readStream(verifier, request);
}

/** Verifies an event with `verify`, and tells the journal about it. Returns a promise of the event. */
async function verifyAndObserve(journal, verify) {
  const event = await verify();
  try {
    await journal?.observe(event);
  } catch (cause) {
    const error = cause instanceof KopoKopoError ? cause : new JournalError('the journal could not observe the event', { cause });
    unobservedErrors.add(error);
    throw error;
  }
  return event;
}

/** Returns the response to an error of `verifyAndObserve`. Undefined if the receiver has not kept the raw body. */
function responseTo(error) {
  if (unobservedErrors.has(error)) return { status: 500, text: 'journal failed' };
  if (tooLargeErrors.has(error)) return { status: 413, text: 'body too large' };
  // The text does not contain the reason, because the sender may be an attacker. `onRefusal` gets the reason.
  if (error instanceof SignatureError) return { status: 401, text: 'invalid signature' };
  if (error instanceof DecodeError) return { status: 400, text: 'unreadable body' };
  return undefined;
}

/**
 * Calls `verify`, which returns the event, tells the journal about it, and then calls `handle` with the event. If the
 * sender has caused an error, or the journal fails, calls `refuse` with the response. All other errors go to the caller,
 * as do all errors of `handle`.
 */
async function receive({ onRefusal = warn, journal }, verify, handle, refuse) {
  let event;
  try {
    event = await verifyAndObserve(journal, verify);
  } catch (error) {
    const response = responseTo(error);
    if (!response) throw error;
    onRefusal(error);
    return refuse(response);
  }
  return handle(event);
}

function warn(error) {
  console.warn(`kopokopo: webhook refused: ${error.message}`);
}

module.exports = {
  bodyNotRaw,
  checkHandler,
  checkJournal,
  checkLength,
  checkSize,
  checkVerifier,
  incompleteBody,
  isUnread,
  keptBody,
  notARequest,
  rawBodyOf,
  readStream,
  receive,
  responseTo,
  valuesIn,
  valuesOf,
  verifyAndObserve,
  verifyRaw,
  warn,
};
