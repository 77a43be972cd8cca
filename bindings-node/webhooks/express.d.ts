import type { Event, WebhookVerifier } from '..';
import type { NodeRequest, NodeResponse, WebhookOptions } from './request';

/**
 * Verifies the raw body of a request of Express, or of node:http, against its `X-KopoKopo-Signature` header and says what
 * it tells of. Reads the body itself where nobody has, up to the verifier's `maxBody`; takes the bytes that express.raw()
 * left in `request.body`, or somebody else in `request.rawBody`.
 *
 * @throws SignatureError: do not trust the body. DecodeError: it is authentic and cannot be read. InvalidRequestError:
 * a body parser came first; the error says how to change that.
 */
export function verify(verifier: WebhookVerifier, request: NodeRequest): Promise<Event>;

/**
 * A handler for `app.post(path, webhooks(k2.webhooks, async (event) => { ... }))`, put above `app.use(express.json())`.
 *
 * Answers 401 for SignatureError, 400 for DecodeError, 413 for a body beyond the verifier's `maxBody`, and when the
 * handler is done, 200, unless the handler has answered itself. What the handler throws goes to `next`: Express answers 500,
 * and the webhook is delivered again.
 */
export function webhooks<Request extends NodeRequest, Response extends NodeResponse>(
  verifier: WebhookVerifier,
  handler: (event: Event, request: Request, response: Response) => unknown,
  options?: WebhookOptions,
): (request: Request, response: Response, next?: (error?: unknown) => unknown) => Promise<void>;
