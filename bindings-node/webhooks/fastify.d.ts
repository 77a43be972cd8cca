import type { Event, WebhookVerifier } from '..';
// Without the types of Fastify, those below are used.
// @ts-ignore
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { NodeRequest, Or, WebhookOptions } from './request';

/** A request of Fastify, as far as it is looked at. */
export interface FastifyWebhookRequest {
  readonly headers: NodeRequest['headers'];
  readonly raw: NodeRequest;
  readonly body?: unknown;
}

/** A reply of Fastify, as far as it is used. */
export interface FastifyWebhookReply {
  readonly sent: boolean;
  code(status: number): this;
  type(contentType: string): this;
  send(payload?: unknown): this;
}

export interface FastifyWebhookOptions extends WebhookOptions {
  /** `k2.webhooks`, or a WebhookVerifier. */
  readonly verifier: WebhookVerifier;
  /** The path of the route, such as `/k2/results`. */
  readonly url: string;
  /** Called with each verified event. What it returns is sent; nothing is an empty 200. */
  handler(
    event: Event,
    request: Or<FastifyRequest, FastifyWebhookRequest>,
    reply: Or<FastifyReply, FastifyWebhookReply>,
  ): unknown;
}

/**
 * Verifies the raw body of a request of Fastify against its `X-KopoKopo-Signature` header, and returns the event. For
 * routes of your own in a scope whose content type parser hands over a Buffer, the text or the stream itself; `webhooks` is such a
 * scope with a route.
 *
 * @throws SignatureError: do not trust the body. DecodeError: it is authentic and cannot be read. InvalidRequestError:
 * a content type parser came first; the error says how to change that.
 */
export function verify(verifier: WebhookVerifier, request: FastifyWebhookRequest): Promise<Event>;

/**
 * A plugin: `app.register(webhooks, { verifier: k2.webhooks, url: '/k2/results', handler: async (event) => { ... } })`. It
 * has content type parsers of its own; those of the application stay as they are.
 *
 * Answers 401 for SignatureError, 400 for DecodeError, 413 for a body beyond the verifier's `maxBody`. What the handler
 * throws goes to Fastify's error handler, which answers 500, and the webhook is delivered again.
 */
export function webhooks(scope: object, options: FastifyWebhookOptions): Promise<void>;
