import type { Event, WebhookVerifier } from '..';
import type { WebhookOptions } from './request';

/** The platform's Request, or the fields that are used of it if the platform has no such type. */
export type WebRequest = typeof globalThis extends { Request: { prototype: infer Type } }
  ? Type
  : { readonly headers: { get(name: string): string | null }; readonly body: unknown; readonly bodyUsed: boolean };

/** The platform's Response. */
export type WebResponse = typeof globalThis extends { Response: { prototype: infer Type } } ? Type : object;

/**
 * Verifies the raw body of a web Request against its `X-KopoKopo-Signature` header, and returns a promise of the event.
 *
 * @throws `SignatureError` if the signature is missing or invalid, or the body exceeds `maxBody`. Do not trust it.
 * @throws `DecodeError` if the signature is valid but the body cannot be read.
 * @throws `InvalidRequestError` if the body was read before, for example by request.json(). The message has the remedy.
 */
export function verify(verifier: WebhookVerifier, request: WebRequest): Promise<Event>;

/**
 * Returns a route handler: `export const POST = webhooks(k2.webhooks, async (event) => { ... })`. The same function is
 * a handler for Bun.serve and Deno.serve, a Remix action with `({ request }) => handler(request)`, and a Hono route
 * with `(c) => handler(c.req.raw)`.
 *
 * A verifier from `kopokopo` requires the Node.js runtime, and `serverExternalPackages: ['kopokopo']` in
 * next.config.js, because bundlers cannot pack a native addon. For edge runtimes, `kopokopo/edge` has this function and
 * a verifier.
 *
 * The response is 401 for a `SignatureError`, 400 for a `DecodeError`, and 413 for a body larger than the verifier's
 * `maxBody`, and 500 if the `journal` of the options fails. Otherwise it is what the handler returns, or 200. Errors of
 * the handler are passed to the framework, which responds with 500, and the webhook is delivered again.
 */
export function webhooks<Request extends WebRequest, Context extends unknown[]>(
  verifier: WebhookVerifier,
  handler: (event: Event, request: Request, ...context: Context) => WebResponse | void | Promise<WebResponse | void>,
  options?: WebhookOptions,
): (request: Request, ...context: Context) => Promise<WebResponse>;
