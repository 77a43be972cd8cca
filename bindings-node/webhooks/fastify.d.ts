import type { Event, WebhookVerifier } from '..';
// If the types of Fastify are not installed, those below are used.
// @ts-ignore
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { NodeRequest, Or, WebhookOptions } from './request';

/** The fields of a Fastify request that are used. */
export interface FastifyWebhookRequest {
  readonly headers: NodeRequest['headers'];
  readonly raw: NodeRequest;
  readonly body?: unknown;
}

/** The members of a Fastify reply that are used. */
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
  /** Called with each verified event. Its return value is sent; undefined and null send an empty 200. */
  handler(
    event: Event,
    request: Or<FastifyRequest, FastifyWebhookRequest>,
    reply: Or<FastifyReply, FastifyWebhookReply>,
  ): unknown;
}

/**
 * Verifies the raw body of a Fastify request against its `X-KopoKopo-Signature` header, and returns a promise of the
 * event. For your own routes, in a scope whose content type parser passes on a Buffer, the text or the stream.
 * `webhooks` registers such a scope with a route.
 *
 * @throws `SignatureError` if the signature is missing or invalid, or the body exceeds `maxBody`. Do not trust it.
 * @throws `DecodeError` if the signature is valid but the body cannot be read.
 * @throws `InvalidRequestError` if a content type parser has read the body before. The message has the remedy.
 */
export function verify(verifier: WebhookVerifier, request: FastifyWebhookRequest): Promise<Event>;

/**
 * A plugin: `app.register(webhooks, { verifier: k2.webhooks, url: '/k2/results', handler: async (event) => { ... } })`.
 * It has its own content type parser, and does not change those of the application.
 *
 * The response is 401 for a `SignatureError`, 400 for a `DecodeError`, and 413 for a body larger than the verifier's
 * `maxBody`, and 500 if the `journal` of the options fails. Errors of the handler are passed to Fastify's error handler,
 * which responds with 500, and the webhook is delivered again.
 */
export function webhooks(scope: object, options: FastifyWebhookOptions): Promise<void>;
