'use strict';
// The deletion vectors (tests/vectors/README.md): every documented webhook and result with each of its parts removed or
// changed. Node and Rust return the same fields.

const assert = require('node:assert');
const { test } = require('node:test');
const { KopoKopoError, WebhookVerifier } = require('..');
const { expectedValue, toVector } = require('./shared/vector_values');
const { deletions } = require('./shared/vectors');

const [head, ...cases] = deletions();
const verifier = new WebhookVerifier({ apiKeys: [head.api_key] });

function verify(document, signature) {
  try {
    return toVector(verifier.verify(Buffer.from(document), signature));
  } catch (error) {
    if (!(error instanceof KopoKopoError)) throw error;
    return { error: error.kind };
  }
}

test('all deletion vectors are present', () => {
  assert.ok(head.documents > 5000);
  assert.strictEqual(cases.length, head.documents);
});

for (const sample of new Set(cases.map(({ name }) => name.split(' ')[0]))) {
  test(`every deletion from ${sample} has the same result in Node and in Rust`, () => {
    const different = [];
    for (const { name, document, signature, error, event } of cases.filter((other) => other.name.split(' ')[0] === sample)) {
      const [actual, rust] = [verify(document, signature), error ? { error } : expectedValue(event, document)];
      // As text, so that the order of the names is compared too.
      if (JSON.stringify(actual) !== JSON.stringify(rust)) different.push({ name, actual, rust });
    }
    if (different.length > 0) assert.deepStrictEqual(different[0].actual, different[0].rust, `${different.length} differ, first ${different[0].name}`);
  });
}
