import type { Event, WebhookVerifier } from '..';
import type { NodeRequest, WebhookOptions } from './request';

/** Nest's RawBodyRequest, on Express or on Fastify, as far as it is looked at. */
export interface NestWebhookRequest {
  readonly headers: NodeRequest['headers'];
  /** Kept by `NestFactory.create(AppModule, { rawBody: true })`. */
  readonly rawBody?: Uint8Array | string;
}

/** Nest's ExecutionContext, as far as it is used. */
export interface NestContext {
  switchToHttp(): { getRequest<T>(): T };
}

export interface WebhookGuardOptions extends WebhookOptions {
  /**
   * Nest's `HttpException`. Give it where a filter of your own tells exceptions by their class; Nest's own filter needs
   * nothing.
   */
  readonly exception?: new (message: string, status: number, options: { cause?: unknown }) => unknown;
}

/**
 * Verifies the raw body of a request of Nest against its `X-KopoKopo-Signature` header, and returns the event. Needs
 * `NestFactory.create(AppModule, { rawBody: true })`.
 *
 * @throws SignatureError: do not trust the body. DecodeError: it is authentic and cannot be read. InvalidRequestError:
 * the raw body was not kept; the error says how to change that.
 */
export function verify(verifier: WebhookVerifier, request: NestWebhookRequest): Promise<Event>;

/**
 * A guard, `@UseGuards(new WebhookGuard(k2.webhooks))`, or the base of an injectable one. It throws what Nest answers with
 * 401 for SignatureError, 400 for DecodeError, 413 for a body beyond the verifier's `maxBody`. `eventOf(request)` has the
 * event in the route. Nest's own parsers come first: they answer 400 to what is no JSON, and 413 beyond their own limit.
 */
export class WebhookGuard {
  constructor(verifier: WebhookVerifier, options?: WebhookGuardOptions);
  canActivate(context: NestContext): Promise<boolean>;
}

/**
 * The event of a request that a WebhookGuard let through.
 *
 * @throws InvalidRequestError where none did.
 */
export function eventOf(request: NestWebhookRequest): Event;
