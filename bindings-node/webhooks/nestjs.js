'use strict';
// Webhooks in NestJS, on Express or on Fastify.

const { SignatureError } = require('..');
const {
  bodyNotRaw,
  checkJournal,
  checkVerifier,
  notARequest,
  rawBodyOf,
  responseTo,
  valuesOf,
  verifyAndObserve,
  verifyRaw,
  warn,
} = require('./request');

const FIX = '`NestFactory.create(AppModule, { rawBody: true })`';

const events = new WeakMap();

async function verify(verifier, request) {
  checkVerifier(verifier);
  if (typeof request?.headers !== 'object') throw notARequest('NestJS', request, `${FIX}, and pass @Req()`);
  const body = await rawBodyOf(verifier, request);
  if (!body) {
    // Nest on Fastify always parses plain text, and does not keep the raw body. Kopo Kopo sends JSON only, so this is
    // another sender, and not a wrong configuration.
    if (!/json/i.test(request.headers['content-type'])) throw new SignatureError('the body is not JSON, and was not kept');
    throw bodyNotRaw('NestJS', 'the body was parsed, and the raw body was not kept', FIX);
  }
  return verifyRaw(verifier, body, valuesOf(request.raw ?? request));
}

/**
 * An exception that sets the response of Nest's default filter. Up to version 11 the filter reads `statusCode`. From
 * version 12 on it reads `expose` and `status`, as other frameworks do.
 */
class WebhookRefused extends Error {
  constructor(message, status, { cause }) {
    super(message, { cause });
    Object.assign(this, { name: 'WebhookRefused', status, statusCode: status, expose: true });
  }
}

class WebhookGuard {
  #verifier;
  #exception;
  #onRefusal;
  #journal;

  constructor(verifier, { exception = WebhookRefused, onRefusal = warn, journal } = {}) {
    checkVerifier(verifier);
    checkJournal(journal);
    this.#verifier = verifier;
    this.#exception = exception;
    this.#onRefusal = onRefusal;
    this.#journal = journal;
  }

  async canActivate(context) {
    const request = context.switchToHttp().getRequest();
    try {
      events.set(request, await verifyAndObserve(this.#journal, () => verify(this.#verifier, request)));
    } catch (cause) {
      const response = responseTo(cause);
      if (!response) throw cause;
      this.#onRefusal(cause);
      throw new this.#exception(response.text, response.status, { cause });
    }
    return true;
  }
}

function eventOf(request) {
  const event = events.get(request);
  if (!event) {
    const fix = 'put `@UseGuards(new WebhookGuard(k2.webhooks))` on the route';
    throw bodyNotRaw('NestJS', 'no WebhookGuard has verified this request', fix);
  }
  return event;
}

module.exports = { WebhookGuard, eventOf, verify };
