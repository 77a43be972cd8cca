'use strict';
// What every adapter does the same way.

const { DecodeError, InvalidRequestError, SignatureError } = require('../lib/errors');

const HEADER = 'x-kopokopo-signature';

/** Refusals of bodies beyond the cap: signature errors like any other, but answered with 413. */
const beyondTheCap = new WeakSet();

function checkVerifier(verifier) {
  if (typeof verifier?.verify !== 'function' || typeof verifier.maxBody !== 'number') {
    throw new InvalidRequestError('verifier: give k2.webhooks, or a WebhookVerifier', { field: 'verifier' });
  }
}

function checkHandler(handler) {
  if (typeof handler !== 'function') {
    throw new InvalidRequestError('handler: give the function that is called with each verified event', { field: 'handler' });
  }
}

/** The one error for a body that is not raw any more. */
function wrongSetUp(framework, what, fix) {
  return new InvalidRequestError(`${framework}: ${what}. A signature covers the raw body only: ${fix}`, { field: 'body' });
}

/** The one error for a parsed body, or anything else, in the place of the request. */
function notARequest(framework, given, fix) {
  const what = given === null ? 'null' : Array.isArray(given) ? 'an array' : `a value of the type ${typeof given}`;
  return wrongSetUp(framework, `verify was given ${what} that is not the request`, fix);
}

const brokenOff = () => new SignatureError('the body broke off before its end: nothing can be verified');

function checkSize(verifier, size) {
  if (size <= verifier.maxBody) return;
  const refusal = new SignatureError(`the body has ${size} bytes or more, and at most ${verifier.maxBody} are looked at`);
  beyondTheCap.add(refusal);
  throw refusal;
}

/** Refuses a body by its Content-Length, before it is read. */
function checkLength(verifier, header) {
  if (/^\d+$/.test(header ?? '')) checkSize(verifier, Number(header));
}

/** Every value of the header in an object of headers, in whatever case the sender or the framework spelt its name. */
function valuesIn(headers) {
  return Object.entries(headers ?? {})
    .filter(([name]) => name.toLowerCase() === HEADER)
    .flatMap(([, value]) => value ?? []);
}

/** Every value of the header in a request of node:http, which joins those that came twice, but keeps the originals. */
function valuesOf({ rawHeaders = [], headers }) {
  const raw = rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1].toLowerCase() === HEADER);
  return raw.length > 0 ? raw : valuesIn(headers);
}

/** Verifies a body with all values of the header, joined as HTTP joins them. The verifier refuses different ones. */
function verifyRaw(verifier, body, values) {
  checkSize(verifier, body.byteLength);
  return verifier.verify(body, values.length === 0 ? null : values.map(String).join(', '));
}

/** Whether nobody has begun to read a stream. */
function isUnread(stream) {
  return (
    typeof stream?.on === 'function' &&
    !stream.readableDidRead &&
    !stream.readableEnded &&
    stream.readableFlowing !== true &&
    !stream.readableEncoding
  );
}

/** The bytes of a stream that nobody has begun to read, up to the cap. */
function readStream(verifier, stream) {
  return new Promise((resolve, reject) => {
    if (stream.destroyed) throw brokenOff();
    const parts = [];
    let size = 0;
    // What lies beyond the cap is read on and dropped: a sender who is still sending would not hear the answer.
    stream.on('data', (part) => {
      size += part.byteLength;
      if (size <= verifier.maxBody) {
        parts.push(part);
        return;
      }
      parts.length = 0;
      try {
        checkSize(verifier, size);
      } catch (refusal) {
        reject(refusal);
      }
    });
    stream.on('end', () => resolve(Buffer.concat(parts)));
    stream.on('error', () => reject(brokenOff()));
    stream.on('close', () => reject(brokenOff()));
  });
}

/** A raw body that was kept, as bytes or as text: a signature covers the text's UTF-8. */
function keptBody(request) {
  const kept = [request.rawBody, request.body].find((body) => ArrayBuffer.isView(body) || typeof body === 'string');
  return typeof kept === 'string' ? Buffer.from(kept) : kept;
}

/**
 * The raw body of a request of node:http, or of a framework on top of it: what was kept, or else what is still to be
 * read. Undefined if it is gone.
 */
async function rawBodyOf(verifier, request) {
  const kept = keptBody(request);
  if (kept) return kept;
  if (!isUnread(request)) return undefined;
  checkLength(verifier, request.headers['content-length']);
  return readStream(verifier, request);
}

/** What an error of the verification is answered with; undefined for an error that is not the sender's. */
function answerTo(error) {
  if (beyondTheCap.has(error)) return { status: 413, text: 'body too large' };
  // Strangers learn nothing from the text: the program is told why.
  if (error instanceof SignatureError) return { status: 401, text: 'signature refused' };
  if (error instanceof DecodeError) return { status: 400, text: 'body not understood' };
  return undefined;
}

/**
 * Verifies, then handles. `verify` gives the event or throws; `handle` gets the event; `refuse` gets what to answer. All
 * else that is thrown goes to the caller, and an error of the handler is never taken for a refusal.
 */
async function receive({ onRefusal = warn }, verify, handle, refuse) {
  let event;
  try {
    event = await verify();
  } catch (error) {
    const answer = answerTo(error);
    if (!answer) throw error;
    onRefusal(error);
    return refuse(answer);
  }
  return handle(event);
}

function warn(error) {
  console.warn(`kopokopo: webhook refused: ${error.message}`);
}

module.exports = {
  answerTo,
  brokenOff,
  checkHandler,
  checkLength,
  checkSize,
  checkVerifier,
  isUnread,
  keptBody,
  notARequest,
  rawBodyOf,
  readStream,
  receive,
  valuesIn,
  valuesOf,
  verifyRaw,
  warn,
  wrongSetUp,
};
