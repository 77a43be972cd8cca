import type { KopoKopoError } from '..';

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

export interface WebhookOptions {
  /**
   * Called with the error of every refused webhook. The response does not contain the reason, because the sender may be
   * an attacker. Default: writes a line to console.warn, in Fastify to request.log.
   */
  readonly onRefusal?: (error: KopoKopoError) => void;
}
