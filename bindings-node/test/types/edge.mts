// A Cloudflare Worker, without the types of Node and of browsers.

import { SignatureError, WebhookVerifier, verify, webhooks, type Event, type EventPayload, type WebRequest, type WebResponse } from 'kopokopo/edge';
import type { WebhookVerifier as PackageVerifier } from 'kopokopo';

const verifier = new WebhookVerifier({ apiKeys: ['key'] });
// Both modules have the same type, so code for one accepts the other.
export const same: PackageVerifier = verifier;

export async function handle(request: WebRequest, env: { readonly key: string }): Promise<WebResponse> {
  const own = new WebhookVerifier({ apiKeys: [env.key], maxBody: 100_000 });
  return webhooks(own, (event: Event) => void event.isPaidAtLeast({ amount: '100' }))(request);
}

export async function kind(request: WebRequest): Promise<EventPayload['kind'] | undefined> {
  try {
    return (await verify(verifier, request)).payload.kind;
  } catch (error) {
    if (error instanceof SignatureError) return undefined;
    throw error;
  }
}

// @ts-expect-error kopokopo/edge has no client
import { KopoKopo } from 'kopokopo/edge';
void KopoKopo;
