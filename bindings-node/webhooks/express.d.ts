import type { Event, WebhookVerifier } from '..';
// Without the types of Express, those of node:http are used.
// @ts-ignore
import type { Request as ExpressRequest, Response as ExpressResponse } from 'express';
import type { NodeRequest, NodeResponse, Or, WebhookOptions } from './request';

/**
 * Verifies the raw body of a request of Express, or of node:http, against its `X-KopoKopo-Signature` header and says what
 * it tells of. Reads the body itself if nothing has, up to the verifier's `maxBody`; takes the bytes of express.raw() or
 * the text of express.text() in `request.body`, and what was kept in `request.rawBody`.
 *
 * @throws SignatureError: do not trust the body. DecodeError: it is authentic and cannot be read. InvalidRequestError:
 * a body parser came first; the error says how to change that.
 */
export function verify(verifier: WebhookVerifier, request: NodeRequest): Promise<Event>;

/**
 * A handler for `app.post(path, webhooks(k2.webhooks, async (event) => { ... }))`, put above `app.use(express.json())`.
 *
 * The handler's request and response have the types of Express. With node:http, write
 * `webhooks<IncomingMessage, ServerResponse>(...)`.
 *
 * Answers 401 for SignatureError, 400 for DecodeError, 413 for a body beyond the verifier's `maxBody`, and when the
 * handler is done, 200, unless the handler has answered itself. What the handler throws goes to `next`: Express answers 500,
 * and the webhook is delivered again.
 */
export function webhooks<
  Request extends NodeRequest = Or<ExpressRequest, NodeRequest>,
  Response extends NodeResponse = Or<ExpressResponse, NodeResponse>,
>(
  verifier: WebhookVerifier,
  handler: (event: Event, request: Request, response: Response) => unknown,
  options?: WebhookOptions,
): (request: NodeRequest, response: NodeResponse, next?: (error?: unknown) => unknown) => Promise<void>;
