'use strict';
// A process of a shop: `worker.js <driver> <place> <key> <number>`. Says `ready`, and starts with the next line of its input:
// as many creates with the key as the number says, or, if the key is empty, as many deliveries of the event in K2_EVENT. The
// result is a line of JSON.

const readline = require('node:readline');
const { KopoKopo } = require('../..');
const { DRIVERS } = require('./databases');
const { wage } = require('./support');

const [driver, place, key, count] = process.argv.slice(2);
const k2 = KopoKopo.fromEnv();
const database = DRIVERS[driver].open(place);

async function work() {
  if (key === '') {
    const event = k2.webhooks.parseUnverified(process.env.K2_EVENT);
    return Promise.all(Array.from({ length: count }, () => database.deliver(event)));
  }
  const client = k2.withJournal(database.journal());
  const options = { idempotencyKey: key, inProgressWait: 30_000 };
  const handles = await Promise.all(Array.from({ length: count }, () => client.sendMoney.create(wage(), options)));
  return handles.map(({ id }) => id);
}

const lines = readline.createInterface({ input: process.stdin });
lines.once('line', async () => {
  lines.close();
  console.log(JSON.stringify(await work()));
  await database.close();
});
console.log('ready');
