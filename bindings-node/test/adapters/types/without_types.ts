// The adapters without the types of Node and the DOM.

import { WebhookVerifier, type Event } from 'kopokopo';
import * as lambda from 'kopokopo/aws-lambda';
import * as express from 'kopokopo/express';
import * as fastify from 'kopokopo/fastify';
import * as nestjs from 'kopokopo/nestjs';
import * as next from 'kopokopo/next';

const verifier = new WebhookVerifier({ apiKeys: ['api-key'] });
const request = { headers: { 'x-kopokopo-signature': 'a' } };

export async function events(): Promise<Event[]> {
  return [
    await express.verify(verifier, request),
    await fastify.verify(verifier, { ...request, raw: request }),
    await nestjs.verify(verifier, request),
    await next.verify(verifier, { headers: { get: () => null }, body: null, bodyUsed: false }),
    lambda.verify(verifier, { ...request, body: '{}', isBase64Encoded: false }),
    nestjs.eventOf(request),
  ];
}

export const handler = lambda.webhooks(verifier, (event) => {
  if (event.payload.kind === 'incoming_payment') {
    const paid: boolean = event.payload.incomingPayment.isPaid;
    return { statusCode: paid ? 200 : 202 };
  }
  return { statusCode: 204 };
});

export const middleware = express.webhooks(verifier, async (event) => void event.dedupeKey, {
  onRefusal: (error) => void error.message,
});

// @ts-expect-error a store is not a journal
express.webhooks(verifier, () => {}, { journal: { execute: () => '' } });
// @ts-expect-error the verifier must be the first argument
express.webhooks(() => {}, verifier);
// @ts-expect-error a parsed body is not a request
void lambda.verify(verifier, { body: { topic: 'customer_created' } });
// @ts-expect-error the event is not text
void express.webhooks(verifier, (event: string) => event);
