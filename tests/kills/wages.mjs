// Pays wages once each, however often it is killed: `wages.mjs <journal> <callback URL> <number of wages>`. The journal is a
// path of a SQLite file, or a URL that begins with `postgresql://`.
//
// Ends when every wage is paid, or its outcome cannot be found out by this program.

import { createRequire, isBuiltin } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';

const require = createRequire(new URL('../../bindings-node/package.json', import.meta.url));
const { InProgressError, KopoKopo, KopoKopoError, OutcomeUnknownError } = require('kopokopo');
const { pgJournal, sqliteJournal } = require('kopokopo/journal');

function openJournal(place) {
  if (!/^postgres(ql)?:/.test(place)) return sqliteJournal(isBuiltin('node:sqlite') ? place : new (require('better-sqlite3'))(place));
  const pool = new (require('pg').Pool)({ connectionString: place, max: 2, allowExitOnIdle: true });
  pool.on('error', (error) => console.error(error.message));
  return pgJournal(pool);
}

const [place, callbackUrl, count] = process.argv.slice(2);
const k2 = KopoKopo.fromEnv().withJournal(openJournal(place)).withOptions({ timeout: 2000, maxRetries: 0 });
const left = new Set(Array.from({ length: Number(count) }, (_, index) => index + 1));
const unknown = new Set();

async function pay(wage) {
  const destination = { type: 'mobile_wallet', phoneNumber: `+254722${100_000 + wage}`, amount: wage, description: 'Wages', network: 'Safaricom' };
  try {
    await k2.sendMoney.create({ destinations: [destination], callbackUrl }, { idempotencyKey: `wage-${wage}` });
    left.delete(wage);
  } catch (error) {
    if (error instanceof OutcomeUnknownError) {
      // The result, if there is one, arrives within the second pass.
      if (unknown.has(wage)) left.delete(wage);
      unknown.add(wage);
    } else if (!(error instanceof KopoKopoError)) {
      throw error;
    } else if (!(error instanceof InProgressError)) {
      console.error(error.kind);
    }
  }
}

while (left.size > 0) {
  for (const wage of [...left]) await pay(wage);
  await sleep(500);
}
