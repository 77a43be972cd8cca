import type { Event, WebhookVerifier } from '..';
import type { WebhookOptions } from './request';

/**
 * The fields that are used of the event that API Gateway (version 1 or 2), a function URL or a load balancer passes.
 */
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
 * Verifies the body in the function's event against the `X-KopoKopo-Signature` header, and returns the webhook's event.
 *
 * @throws `SignatureError` if the signature is missing or invalid, or the body exceeds `maxBody`. Do not trust it.
 * @throws `DecodeError` if the signature is valid but the body cannot be read.
 * @throws `InvalidRequestError` if the body was parsed before, or if the function's event is not an HTTP request.
 */
export function verify(verifier: WebhookVerifier, request: LambdaRequest): Event;

/**
 * Returns a Lambda function: `exports.handler = webhooks(k2.webhooks, async (event) => { ... })`. The handler's event
 * is verified.
 *
 * The response is 401 for a `SignatureError`, 400 for a `DecodeError`, and 413 for a body larger than the verifier's
 * `maxBody`, and 500 if the `journal` of the options fails. Otherwise it is what the handler returns, or 200. Errors of
 * the handler are not caught: the gateway responds with 5xx, and the webhook is delivered again.
 */
export function webhooks<Request extends LambdaRequest, Context, Result = void>(
  verifier: WebhookVerifier,
  handler: (event: Event, request: Request, context: Context) => Result | Promise<Result>,
  options?: WebhookOptions,
): (request: Request, context: Context) => Promise<LambdaResponse | NonNullable<Result>>;
