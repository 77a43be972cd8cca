// What runs in every edge runtime of these tests: it says what the package does there. Whether that is right is compared
// outside.

import * as edge from 'kopokopo/edge';
import shared from '../shared/neutral.js';
import calls from './calls.js';

const { outcome } = shared;
const KEY = 'api-key';

function verified({ apiKeys, cases }) {
  const verifier = new edge.WebhookVerifier({ apiKeys });
  return cases.map(({ document, signature }) => outcome(() => verifier.verify(document, signature), edge.KopoKopoError));
}

const routes = {
  '/names': () => Object.keys(edge).sort(),
  '/calls': () => calls(edge),
  '/verified': async (request) => verified(await request.json()),
};

export async function answer(request) {
  const { pathname } = new URL(request.url);
  if (routes[pathname]) return Response.json(await routes[pathname](request));
  // A verifier for each request, as in programs whose keys come with the request.
  const verifier = new edge.WebhookVerifier({ apiKeys: [KEY], maxBody: 200_000 });
  const handle = edge.webhooks(verifier, (event) => new Response(event.dedupeKey, { status: 202 }), { onRefusal: () => {} });
  return handle(request);
}
