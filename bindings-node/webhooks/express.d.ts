import type { Event, WebhookVerifier } from '..';
// If the types of Express are not installed, those of node:http are used.
// @ts-ignore
import type { Request as ExpressRequest, Response as ExpressResponse } from 'express';
import type { NodeRequest, NodeResponse, Or, WebhookOptions } from './request';

/**
 * Verifies the raw body of an Express or node:http request against its `X-KopoKopo-Signature` header, and returns a
 * promise of the event. If the body was not read before, reads it, up to the verifier's `maxBody`. Otherwise uses
 * `request.rawBody`, or the bytes of express.raw() or the text of express.text() in `request.body`.
 *
 * @throws `SignatureError` if the signature is missing or invalid, or the body exceeds `maxBody`. Do not trust it.
 * @throws `DecodeError` if the signature is valid but the body cannot be read.
 * @throws `InvalidRequestError` if a body parser has read the body before. The message has the remedy.
 */
export function verify(verifier: WebhookVerifier, request: NodeRequest): Promise<Event>;

/**
 * Returns a handler for `app.post(path, webhooks(k2.webhooks, async (event) => { ... }))`. Put it above
 * `app.use(express.json())`.
 *
 * The handler's request and response have the types of Express. With node:http, write
 * `webhooks<IncomingMessage, ServerResponse>(...)`.
 *
 * The response is 401 for a `SignatureError`, 400 for a `DecodeError`, and 413 for a body larger than the verifier's
 * `maxBody`, and 500 if the `journal` of the options fails. If the handler sends no response, it is 200. Errors of the
 * handler are passed to `next`: Express responds with 500, and the webhook is delivered again. Without a `next`, as with
 * node:http, the error is printed, and the response is 500.
 */
export function webhooks<
  Request extends NodeRequest = Or<ExpressRequest, NodeRequest>,
  Response extends NodeResponse = Or<ExpressResponse, NodeResponse>,
>(
  verifier: WebhookVerifier,
  handler: (event: Event, request: Request, response: Response) => unknown,
  options?: WebhookOptions,
): (request: NodeRequest, response: NodeResponse, next?: (error?: unknown) => unknown) => Promise<void>;
