'use strict';
// Every scenario of tests/scenarios.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { play } = require('./shared/scenario');
const { TESTS } = require('./shared/stage');

const folder = path.join(TESTS, 'scenarios');
const scenarios = fs.readdirSync(folder).sort().map((file) => JSON.parse(fs.readFileSync(path.join(folder, file), 'utf8')));

test('there are scenarios', () => assert.ok(scenarios.length > 100));

for (const scenario of scenarios) {
  test(scenario.name, () => play(scenario));
}
