import type { Event, WebhookVerifier } from '..';
import type { WebhookOptions } from './request';

/** What API Gateway (version 1 or 2), a function URL or a load balancer hands to the function, as far as it is looked at. */
export interface LambdaRequest {
  readonly headers?: { readonly [name: string]: string | undefined } | null;
  readonly multiValueHeaders?: { readonly [name: string]: readonly string[] | undefined } | null;
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean;
}

export interface LambdaResponse {
  statusCode: number;
  headers: { [name: string]: string };
  body: string;
  isBase64Encoded: boolean;
}

/**
 * Verifies the body in the function's own event against the `X-KopoKopo-Signature` header, and returns the event.
 *
 * @throws SignatureError: do not trust the body. DecodeError: it is authentic and cannot be read. InvalidRequestError:
 * the body was parsed before, or the event comes from something that passes no HTTP request on.
 */
export function verify(verifier: WebhookVerifier, request: LambdaRequest): Event;

/**
 * A function: `exports.handler = webhooks(k2.webhooks, async (event) => { ... })`, where event is the verified one.
 *
 * Answers 401 for SignatureError, 400 for DecodeError, 413 for a body beyond the verifier's `maxBody`, else what the
 * handler answers, or 200. What the handler throws passes through: the gateway answers 5xx, and the webhook is delivered
 * again.
 */
export function webhooks<Request extends LambdaRequest, Context, Answer = void>(
  verifier: WebhookVerifier,
  handler: (event: Event, request: Request, context: Context) => Answer | Promise<Answer>,
  options?: WebhookOptions,
): (request: Request, context: Context) => Promise<LambdaResponse | NonNullable<Answer>>;
