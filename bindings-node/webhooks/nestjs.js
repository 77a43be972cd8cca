'use strict';
// Webhooks in NestJS, on Express or on Fastify.

const { SignatureError } = require('..');
const { answerTo, checkVerifier, notARequest, rawBodyOf, valuesOf, verifyRaw, warn, wrongSetUp } = require('./request');

const FIX = '`NestFactory.create(AppModule, { rawBody: true })`';

const events = new WeakMap();

async function verify(verifier, request) {
  checkVerifier(verifier);
  if (typeof request?.headers !== 'object') throw notARequest('NestJS', request, `${FIX}, and pass on @Req()`);
  const body = await rawBodyOf(verifier, request);
  if (!body) {
    // Nest on Fastify parses plain text in any set-up, and keeps none of it: that is a stranger, and nobody's mistake.
    if (!/json/i.test(request.headers['content-type'])) throw new SignatureError('the body is no JSON, and was not kept');
    throw wrongSetUp('NestJS', 'the body was parsed, and the raw one not kept', FIX);
  }
  return verifyRaw(verifier, body, valuesOf(request.raw ?? request));
}

/**
 * What Nest's own exception filter answers: up to version 11 it looks for `statusCode`, from 12 on for `expose` and
 * `status`, as those of other frameworks do.
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

  constructor(verifier, { exception = WebhookRefused, onRefusal = warn } = {}) {
    checkVerifier(verifier);
    this.#verifier = verifier;
    this.#exception = exception;
    this.#onRefusal = onRefusal;
  }

  async canActivate(context) {
    const request = context.switchToHttp().getRequest();
    try {
      events.set(request, await verify(this.#verifier, request));
    } catch (cause) {
      const answer = answerTo(cause);
      if (!answer) throw cause;
      this.#onRefusal(cause);
      throw new this.#exception(answer.text, answer.status, { cause });
    }
    return true;
  }
}

function eventOf(request) {
  const event = events.get(request);
  if (!event) throw wrongSetUp('NestJS', 'no WebhookGuard has verified this request', 'put `@UseGuards(new WebhookGuard(k2.webhooks))` on the route');
  return event;
}

module.exports = { WebhookGuard, eventOf, verify };
