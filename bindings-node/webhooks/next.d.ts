import type { Event, WebhookVerifier } from '..';
import type { WebhookOptions } from './request';

/** The Request of the platform; what is used of it, where the platform's types are not there. */
export type WebRequest = typeof globalThis extends { Request: { prototype: infer Type } }
  ? Type
  : { readonly headers: { get(name: string): string | null }; readonly body: unknown; readonly bodyUsed: boolean };

/** The Response of the platform. */
export type WebResponse = typeof globalThis extends { Response: { prototype: infer Type } } ? Type : object;

/**
 * Verifies the raw body of a web Request against its `X-KopoKopo-Signature` header, and returns the event.
 *
 * @throws SignatureError: do not trust the body. DecodeError: it is authentic and cannot be read. InvalidRequestError:
 * something such as request.json() came first; the error says how to change that.
 */
export function verify(verifier: WebhookVerifier, request: WebRequest): Promise<Event>;

/**
 * A route handler: `export const POST = webhooks(k2.webhooks, async (event) => { ... })`. The same function is a handler
 * for Bun.serve and Deno.serve, an action of Remix with `({ request }) => handler(request)`, and a route of Hono with
 * `(c) => handler(c.req.raw)`. A verifier from `kopokopo` needs Node's run time, and in next.config.js
 * `serverExternalPackages: ['kopokopo']`: no bundler can pack a native part. `kopokopo/edge` has this function too, and a
 * verifier for edge runtimes.
 *
 * Answers 401 for SignatureError, 400 for DecodeError, 413 for a body beyond the verifier's `maxBody`, else what the
 * handler answers, or 200. What the handler throws goes to the framework, which answers 500, and the webhook is delivered
 * again.
 */
export function webhooks<Request extends WebRequest, Context extends unknown[]>(
  verifier: WebhookVerifier,
  handler: (event: Event, request: Request, ...context: Context) => WebResponse | void | Promise<WebResponse | void>,
  options?: WebhookOptions,
): (request: Request, ...context: Context) => Promise<WebResponse>;
