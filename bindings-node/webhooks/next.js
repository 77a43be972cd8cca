'use strict';
// Webhooks in Next.js route handlers, and in everything else that has a web Request: Remix, Hono, Bun, Deno.

const { adapter } = require('./fetch');

const FIX = 'call `await verify(verifier, request)` instead of request.json(), or `export const POST = webhooks(verifier, handler)`';
const PAGES_FIX =
  'in the Pages Router use `webhooks` from kopokopo/express and `export const config = { api: { bodyParser: false } }`';

const { verify, webhooks } = adapter('Next.js', FIX, PAGES_FIX);

module.exports = { verify, webhooks };
