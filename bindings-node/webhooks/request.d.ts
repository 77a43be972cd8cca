import type { Event, KopoKopoError } from '..';

/** A framework's own type, or another one if its types are not installed. */
export type Or<Type, Fallback> = 0 extends 1 & Type ? Fallback : Type;

/** The fields of a node:http request that are used. */
export interface NodeRequest {
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  readonly rawHeaders?: readonly string[];
  readonly body?: unknown;
}

/** The members of a node:http response that are used. */
export interface NodeResponse {
  readonly headersSent: boolean;
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  end(text?: string): unknown;
}

/** What an adapter uses of a journal. */
export interface EventObserver {
  observe(event: Event): unknown;
}

export interface WebhookOptions {
  /**
   * `k2.journal`. It observes each verified event before the handler is called, so that unknown requests become
   * accepted. If it fails, the handler is not called, and the response is 500: the webhook is delivered again. In an edge
   * runtime, which has no client, any object with this method. Default: none.
   *
   * @throws `ConfigurationError` if it has no method `observe`.
   */
  readonly journal?: EventObserver | null;
  /**
   * Called with the error of every refused webhook, and with that of a journal that fails. The response does not contain
   * the reason, because the sender may be an attacker. Default: writes a line to console.warn, in Fastify to request.log.
   */
  readonly onRefusal?: (error: KopoKopoError) => void;
}
