'use strict';
// Every scenario of tests/scenarios.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { TESTS } = require('./shared/harness');
const { runScenario } = require('./shared/scenario');

const folder = path.join(TESTS, 'scenarios');
const scenarios = fs.readdirSync(folder).sort().map((file) => JSON.parse(fs.readFileSync(path.join(folder, file), 'utf8')));

test('scenarios are found', () => assert.ok(scenarios.length > 100));

for (const scenario of scenarios) {
  test(scenario.name, () => runScenario(scenario));
}
