'use strict';
// Pays wages once each, however often it is killed: `wages.js <journal> <callback URL> <number of wages>`. Ends when
// every wage is paid, or its outcome cannot be found out by this program.

const { KopoKopo } = require('../../bindings-node');
const { pgJournal, sqliteJournal } = require('../../bindings-node/journal');

const [place, callbackUrl, count] = process.argv.slice(2);
const modules = `${__dirname}/../../bindings-node/node_modules`;

function openJournal() {
  if (place.startsWith('postgres')) {
    const { Pool } = require(`${modules}/pg`);
    return pgJournal(new Pool({ connectionString: place }));
  }
  const Database = require(`${modules}/better-sqlite3`);
  return sqliteJournal(new Database(place, { timeout: 5000 }));
}

async function main() {
  const client = KopoKopo.fromEnv().withJournal(openJournal()).withOptions({ timeout: 2000, maxRetries: 0 });
  const left = new Set(Array.from({ length: Number(count) }, (_, index) => index + 1));
  const unknown = new Set();
  while (left.size > 0) {
    for (const wage of [...left]) {
      const destinations = [
        {
          type: 'mobile_wallet',
          phoneNumber: `+254722${100000 + wage}`,
          amount: String(wage),
          description: 'Wages',
          network: 'Safaricom',
        },
      ];
      try {
        await client.sendMoney.create({ destinations, callbackUrl }, { idempotencyKey: `wage-${wage}` });
        left.delete(wage);
      } catch (error) {
        if (error.kind === 'outcome_unknown') {
          // The result, if there is one, arrives within the second pass.
          if (unknown.has(wage)) left.delete(wage);
          unknown.add(wage);
        } else if (error.kind !== 'in_progress') {
          console.error(error.kind);
        }
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

main().then(() => process.exit(0));
