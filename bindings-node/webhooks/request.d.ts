import type { KopoKopoError } from '..';

/** A framework's own type, or another one if its types are not installed. */
export type Or<Found, Otherwise> = 0 extends 1 & Found ? Otherwise : Found;

/** A request of node:http, as far as it is looked at. */
export interface NodeRequest {
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  readonly rawHeaders?: readonly string[];
  readonly body?: unknown;
}

/** A response of node:http, as far as it is used. */
export interface NodeResponse {
  readonly headersSent: boolean;
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  end(text?: string): unknown;
}

export interface WebhookOptions {
  /**
   * Told of every refused webhook, with the reason: strangers are not told. Without it a line goes to console.warn, in
   * Fastify to request.log.
   */
  readonly onRefusal?: (error: KopoKopoError) => void;
}
