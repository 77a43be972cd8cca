// An endpoint that gives access tokens to a mobile app. The client secret stays on this server.
//
// npm install kopokopo express
// k2 sandbox                # in another terminal: prints the variables to export here
// APP_SESSIONS=amina=her-session node tokens.mjs
// curl -X POST -H 'Authorization: Bearer her-session' http://127.0.0.1:3000/k2/token
//
// The response is {"token": "...", "expires_in": 3600}, with the seconds until the token expires. 401: not signed in.
// 429: too many requests, see Retry-After. 503: no token available.
//
// After a 401 from Kopo Kopo, the app sends {"refused": true} and gets a different token. The app knows about the 401
// because its token source is called although its last token has more than five minutes left.
//
// Limits: Kopo Kopo has no token with fewer permissions. A token from the app can do everything the application can,
// including sending money, until it expires. Use this only for users you know, such as staff and partners. For all
// other users, make the payment on the server. Serve this over https only. Each process has its own token and its own
// counts: run one process, or keep the counts in a shared store.

import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import express from 'express';
import { KopoKopo, KopoKopoError } from 'kopokopo';

const MAX_REQUESTS = 6; // of each user, in
const WINDOW = 60; // seconds
const REFUSAL_PAUSE = 5; // seconds between new tokens because of "refused", for all users together
const RENEW_BEFORE = 600; // seconds before it expires, a token is renewed

const k2 = KopoKopo.fromEnv().withOptions({ timeout: 8000 }); // the app's timeout is ten seconds
const digest = (text) => createHash('sha256').update(text).digest();
const sessions = (process.env.APP_SESSIONS ?? '').split(',').flatMap((pair) => {
  const [, user, session] = /^([^=]+)=(.+)$/.exec(pair) ?? [];
  return user ? [{ user, digest: digest(session) }] : [];
});

/** Returns the signed-in user. Replace this by your app's own sign-in, which must also refuse blocked users. */
async function authenticate(request) {
  const sessionDigest = digest(/^Bearer +(.+)$/i.exec(request.get('authorization') ?? '')?.[1] ?? '');
  let found;
  // Compares all sessions in constant time, so that the duration reveals nothing.
  for (const session of sessions) if (timingSafeEqual(session.digest, sessionDigest)) found = session.user;
  return found;
}

/** A response other than a token. */
class HttpError extends Error {
  constructor(status, message, headers = {}) {
    super(message);
    Object.assign(this, { status, headers });
  }
}

const tooManyRequests = (seconds) => new HttpError(429, 'too many requests', { 'Retry-After': String(Math.max(1, Math.ceil(seconds))) });
const now = () => performance.now() / 1000;

// One token for all users: cached until shortly before it expires, and fetched once for concurrent requests.
let cached;
let fetching;
let nextRefusal = 0;

/** Returns a token other than the refused one. Fetches nothing if the refused token was replaced before. */
async function tokenOtherThan(refused) {
  if (!fetching) {
    const isRefused = refused !== undefined && refused === cached;
    if (!isRefused && cached && now() < cached.renewAt) return cached;
    if (isRefused) {
      if (now() < nextRefusal) throw tooManyRequests(nextRefusal - now());
      nextRefusal = now() + REFUSAL_PAUSE;
    }
    fetching = fetchToken().finally(() => {
      fetching = undefined;
    });
  }
  try {
    return await fetching;
  } catch (error) {
    if (!(error instanceof KopoKopoError)) throw error;
    // If the renewal fails, the old token is used until it expires.
    if (cached && cached !== refused && now() < cached.expiresAt) return cached;
    throw new HttpError(503, 'no token available');
  }
}

async function fetchToken() {
  const started = now();
  try {
    const { accessToken, expiresIn } = await k2.oauth.token();
    const lifetime = expiresIn ?? 3600;
    cached = { accessToken, renewAt: started + lifetime - Math.min(RENEW_BEFORE, lifetime / 4), expiresAt: started + lifetime };
    return cached;
  } catch (error) {
    console.error(`no token from Kopo Kopo: ${error.kind}`);
    throw error;
  }
}

const users = new Map(); // of signed-in users only, so the size is limited

async function requireUser(request, response, next) {
  response.set('Cache-Control', 'no-store');
  const name = await authenticate(request);
  if (name === undefined) throw new HttpError(401, 'sign in first', { 'WWW-Authenticate': 'Bearer' });
  if (!users.has(name)) users.set(name, { name, requestTimes: [], lastToken: undefined });
  const user = users.get(name);
  user.requestTimes = user.requestTimes.filter((time) => time > now() - WINDOW);
  if (user.requestTimes.length >= MAX_REQUESTS) throw tooManyRequests(user.requestTimes[0] + WINDOW - now());
  user.requestTimes.push(now());
  response.locals.user = user;
  next();
}

const app = express();
app.disable('x-powered-by');

app.post('/k2/token', requireUser, express.json({ limit: 1000, type: () => true }), async (request, response) => {
  const { user } = response.locals;
  const token = await tokenOtherThan(request.body?.refused === true ? user.lastToken : undefined);
  user.lastToken = token;
  const secondsLeft = Math.max(0, Math.floor(token.expiresAt - now()));
  console.log(`token for ${user.name}, expires in ${secondsLeft} s`);
  response.json({ token: token.accessToken, expires_in: secondsLeft });
});

// Without this, Express responds with the text of the error. Express recognizes an error handler by its four
// parameters.
app.use((error, _request, response, next) => {
  if (response.headersSent) return next(error);
  const status = error.status ?? 500;
  if (status === 500) console.error(error.name); // the message may contain a secret
  const message = error instanceof HttpError ? error.message : status === 500 ? 'internal error' : 'invalid request';
  return response.status(status).set(error instanceof HttpError ? error.headers : {}).json({ error: message });
});

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1');
await once(server, 'listening');
console.log(`listening: http://127.0.0.1:${server.address().port}`);
