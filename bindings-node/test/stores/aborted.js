'use strict';
// A program that ends after it has aborted a create: `aborted.js <driver> <place> <when>`. Prints the kind of the error.

const { workerData } = require('node:worker_threads');
const { KopoKopo } = require('../..');
const { DRIVERS } = require('./databases');
const { wage } = require('./support');

const [driver, place, when] = process.argv.slice(2);
const journal = DRIVERS[driver].open(place).journal();
const controller = new AbortController();

/** Aborts the create while it writes its record, or after it is sent. */
async function execute(request) {
  const result = await journal.execute(request);
  if (/INSERT/.test(request)) {
    if (when === 'before sending') controller.abort();
    if (when === 'after sending') setTimeout(() => controller.abort(), 300);
  }
  return result;
}

const k2 = workerData ? new KopoKopo(workerData) : KopoKopo.fromEnv();
k2
  .withJournal({ ...journal, execute })
  .sendMoney.create(wage(), { idempotencyKey: 'wage-1', signal: controller.signal })
  .then(
    () => console.log('no error'),
    (error) => console.log(error.kind ?? error.name),
  );
