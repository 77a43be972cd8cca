// The program that runs in every edge runtime: it returns the package's results, which the tests compare.

import * as edge from 'kopokopo/edge';
import tagged from '../shared/tagged.js';
import calls from './calls.js';

const { outcome } = tagged;
const KEY = 'api-key';

function verify({ apiKeys, cases }) {
  const verifier = new edge.WebhookVerifier({ apiKeys });
  return cases.map(({ document, signature }) => outcome(() => verifier.verify(document, signature), edge.KopoKopoError));
}

const routes = {
  '/names': () => Object.keys(edge).sort(),
  '/calls': () => calls(edge),
  '/verify': async (request) => verify(await request.json()),
};

export async function respond(request) {
  const { pathname } = new URL(request.url);
  if (routes[pathname]) return Response.json(await routes[pathname](request));
  // A verifier for each request, as in programs that get their keys with the request.
  const verifier = new edge.WebhookVerifier({ apiKeys: [KEY], maxBody: 200_000 });
  let observed;
  const journal = {
    async observe(event) {
      if (pathname === '/k2/journal-fails') throw new Error('the journal of this request fails');
      observed = event.dedupeKey;
    },
  };
  const handle = edge.webhooks(verifier, () => new Response(observed, { status: 202 }), { onRefusal: () => {}, journal });
  return handle(request);
}
