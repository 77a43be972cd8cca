// The endpoint where a mobile app gets its access token: the secret stays here.
//
// npm install kopokopo express
// k2 sandbox                # in another terminal: prints what to export here
// APP_SESSIONS=amina=her-session node tokens.mjs
// curl -X POST -H 'Authorization: Bearer her-session' http://127.0.0.1:3000/k2/token
//
// It returns {"token": "...", "expires_in": 3600}: the seconds that are left. After a 401 from Kopo Kopo the app asks with
// the body {"refused": true} and gets another token. An app knows that from being asked for a token although its last one
// has more than five minutes left. 401: not signed in. 429: too often, Retry-After says when. 503: no token to be had.
//
// The limit of this: Kopo Kopo has no narrower token. A user who takes one out of an app may do what the application may,
// sending money included, until it expires. So this is for people you know, staff and partners; where the users are
// not trusted, the backend makes the payment itself. Serve it over https only. Each process keeps a token and counts of its
// own: run one, or count somewhere common.

import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import express from 'express';
import { KopoKopo, KopoKopoError } from 'kopokopo';

const ASKS = 6; // each user may ask so often
const WITHIN = 60; // within so many seconds
const REFUSAL_PAUSE = 5; // "refused" makes a new token at most once in so many seconds, whoever says it
const RENEWED_BEFORE = 600; // a token with less life than that is not handed out while there are new ones

const k2 = KopoKopo.fromEnv().withOptions({ timeout: 8000 }); // an app waits ten seconds
const digest = (text) => createHash('sha256').update(text).digest();
const sessions = (process.env.APP_SESSIONS ?? '').split(',').flatMap((pair) => {
  const [, user, session] = /^([^=]+)=(.+)$/.exec(pair) ?? [];
  return user ? [{ user, digest: digest(session) }] : [];
});

/** Who asks. Replace this by your app's own sign-in, which also says no to whoever is blocked. */
async function signedIn(request) {
  const given = digest(/^Bearer +(.+)$/i.exec(request.get('authorization') ?? '')?.[1] ?? '');
  let found;
  // All of them, in constant time: how long it takes tells nothing.
  for (const session of sessions) if (timingSafeEqual(session.digest, given)) found = session.user;
  return found;
}

/** An answer other than a token. */
class No extends Error {
  constructor(status, message, headers = {}) {
    super(message);
    Object.assign(this, { status, headers });
  }
}

const later = (seconds) => new No(429, 'too often', { 'Retry-After': String(Math.max(1, Math.ceil(seconds))) });
const now = () => performance.now() / 1000;

// One token for everybody: kept until shortly before it expires, fetched once however many ask.
let kept;
let fetching;
let refusalsFrom = 0;

/** A token other than the refused one. Where that has been replaced already, nothing is fetched. */
async function tokenOtherThan(refused) {
  if (!fetching) {
    const isRefused = refused !== undefined && refused === kept;
    if (!isRefused && kept && now() < kept.renew) return kept;
    if (isRefused) {
      if (now() < refusalsFrom) throw later(refusalsFrom - now());
      refusalsFrom = now() + REFUSAL_PAUSE;
    }
    fetching = fetchToken().finally(() => {
      fetching = undefined;
    });
  }
  try {
    return await fetching;
  } catch (error) {
    if (!(error instanceof KopoKopoError)) throw error;
    // A renewal that fails does no harm while the old token lives.
    if (kept && kept !== refused && now() < kept.ends) return kept;
    throw new No(503, 'no token now');
  }
}

async function fetchToken() {
  const began = now();
  try {
    const { accessToken, expiresIn } = await k2.oauth.token();
    const life = expiresIn ?? 3600;
    kept = { accessToken, renew: began + life - Math.min(RENEWED_BEFORE, life / 4), ends: began + life };
    return kept;
  } catch (error) {
    console.error(`Kopo Kopo gave no token: ${error.kind}`); // the kind says what to look into
    throw error;
  }
}

const askers = new Map(); // as many as there are users: strangers do not come this far

async function known(request, response, next) {
  response.set('Cache-Control', 'no-store');
  const user = await signedIn(request);
  if (user === undefined) throw new No(401, 'sign in first', { 'WWW-Authenticate': 'Bearer' });
  if (!askers.has(user)) askers.set(user, { user, asks: [], given: undefined });
  const asker = askers.get(user);
  asker.asks = asker.asks.filter((at) => at > now() - WITHIN);
  if (asker.asks.length >= ASKS) throw later(asker.asks[0] + WITHIN - now());
  asker.asks.push(now());
  response.locals.asker = asker;
  next();
}

const app = express();
app.disable('x-powered-by');

app.post('/k2/token', known, express.json({ limit: 1000, type: () => true }), async (request, response) => {
  const { asker } = response.locals;
  const token = await tokenOtherThan(request.body?.refused === true ? asker.given : undefined);
  asker.given = token;
  const left = Math.max(0, Math.floor(token.ends - now()));
  console.log(`a token for ${asker.user}, ${left} s left`);
  response.json({ token: token.accessToken, expires_in: left });
});

// Express would answer with the error itself. Four parameters tell it that this one takes errors.
app.use((error, _request, response, next) => {
  if (response.headersSent) return next(error);
  const status = error.status ?? 500;
  if (status === 500) console.error(error.name); // what it says may hold a secret
  const said = error instanceof No ? error.message : status === 500 ? 'something went wrong' : 'not understood';
  return response.status(status).set(error instanceof No ? error.headers : {}).json({ error: said });
});

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1');
await once(server, 'listening');
console.log(`open: http://127.0.0.1:${server.address().port}`);
