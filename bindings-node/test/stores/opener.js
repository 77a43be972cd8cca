'use strict';
// A thread that opens new files as a journal, each at the same moment as other threads.

const path = require('node:path');
const { workerData } = require('node:worker_threads');
const { sqliteJournal } = require('../../journal');
const { DRIVERS } = require('./databases');

const { driver, folder, files, threads } = workerData;
const arrived = new Int32Array(workerData.arrived);

for (let file = 0; file < files; file += 1) {
  const database = DRIVERS[driver].open(path.join(folder, `${file}.db`)).database;
  Atomics.add(arrived, file, 1);
  while (Atomics.load(arrived, file) < threads);
  sqliteJournal(database);
  database.close();
}
