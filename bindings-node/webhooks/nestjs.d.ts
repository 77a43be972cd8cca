import type { Event, WebhookVerifier } from '..';
import type { NodeRequest, WebhookOptions } from './request';

/** The fields that are used of Nest's RawBodyRequest, on Express or on Fastify. */
export interface NestWebhookRequest {
  readonly headers: NodeRequest['headers'];
  /** Set by `NestFactory.create(AppModule, { rawBody: true })`. */
  readonly rawBody?: Uint8Array | string;
}

/** The members that are used of Nest's ExecutionContext. */
export interface NestContext {
  switchToHttp(): { getRequest<T>(): T };
}

export interface WebhookGuardOptions extends WebhookOptions {
  /**
   * Nest's `HttpException`. Set it if your own exception filter distinguishes exceptions by their class. Nest's default
   * filter does not need it.
   */
  readonly exception?: new (message: string, status: number, options: { cause?: unknown }) => unknown;
}

/**
 * Verifies the raw body of a Nest request against its `X-KopoKopo-Signature` header, and returns a promise of the
 * event. Requires `NestFactory.create(AppModule, { rawBody: true })`.
 *
 * @throws `SignatureError` if the signature is missing or invalid, or the body exceeds `maxBody`. Do not trust it.
 * @throws `DecodeError` if the signature is valid but the body cannot be read.
 * @throws `InvalidRequestError` if the raw body was not kept. The message has the remedy.
 */
export function verify(verifier: WebhookVerifier, request: NestWebhookRequest): Promise<Event>;

/**
 * A guard, `@UseGuards(new WebhookGuard(k2.webhooks))`, or the base class of an injectable one. In the route,
 * `eventOf(request)` returns the event.
 *
 * The response is 401 for a `SignatureError`, 400 for a `DecodeError`, and 413 for a body larger than the verifier's
 * `maxBody`, and 500 if the `journal` of the options fails. Nest's parsers run first: they respond with 400 to a body that
 * is not JSON, and with 413 to a body larger than their own limit.
 */
export class WebhookGuard {
  constructor(verifier: WebhookVerifier, options?: WebhookGuardOptions);
  canActivate(context: NestContext): Promise<boolean>;
}

/**
 * Returns the event of a request that a `WebhookGuard` has verified.
 *
 * @throws `InvalidRequestError` if no guard has verified the request.
 */
export function eventOf(request: NestWebhookRequest): Event;
