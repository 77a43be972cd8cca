'use strict';
// Deletion vectors (tests/vectors/README.md): every documented webhook and result with each of its parts removed or
// changed. Node returns what Rust returns, field by field.

const assert = require('node:assert');
const { test } = require('node:test');
const { KopoKopoError, WebhookVerifier } = require('..');
const { expected, neutral } = require('./shared/neutral');
const { deletions } = require('./shared/vectors');

const [head, ...cases] = deletions();
const verifier = new WebhookVerifier({ apiKeys: [head.api_key] });

function found(document, signature) {
  try {
    return neutral(verifier.verify(Buffer.from(document), signature));
  } catch (error) {
    if (!(error instanceof KopoKopoError)) throw error;
    return { error: error.kind };
  }
}

test('all deletion vectors are here', () => {
  assert.ok(head.documents > 5000);
  assert.strictEqual(cases.length, head.documents);
});

for (const sample of new Set(cases.map(({ name }) => name.split(' ')[0]))) {
  test(`whatever is removed from ${sample}, Node returns what Rust returns`, () => {
    const wrong = [];
    for (const { name, document, signature, error, event } of cases.filter((one) => one.name.split(' ')[0] === sample)) {
      const [own, rust] = [found(document, signature), error ? { error } : expected(event, document)];
      // As text, so that the order of names counts too.
      if (JSON.stringify(own) !== JSON.stringify(rust)) wrong.push({ name, own, rust });
    }
    if (wrong.length > 0) assert.deepStrictEqual(wrong[0].own, wrong[0].rust, `${wrong.length} differ, first ${wrong[0].name}`);
  });
}
