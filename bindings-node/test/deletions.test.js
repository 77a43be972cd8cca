'use strict';
// Deletion vectors (tests/vectors/README.md): every documented webhook and result with each of its parts removed or
// changed. Node returns what Rust returns, field by field.

const assert = require('node:assert');
const { test } = require('node:test');
const { KopoKopoError, WebhookVerifier } = require('..');
const { deletions } = require('./shared/vectors');

const [head, ...cases] = deletions();
const verifier = new WebhookVerifier({ apiKeys: [head.api_key] });

const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const entries = (value) =>
  Object.fromEntries(Object.entries(value).map(([field, held]) => [snake(field), neutral(held, field)]));

/** A value of this package in the vectors' form, as far as JavaScript has types of its own. */
function neutral(value, field) {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (Number.isFinite(value)) return value;
  if (value instanceof Date) return { $timestamp: value.toISOString() };
  if (Array.isArray(value)) return value.map((item) => neutral(item));
  assert.strictEqual(typeof value, 'object', `${field} is ${String(value)}`);
  if (field === 'metadata') return { $metadata: value };
  const { name } = value.constructor;
  // The raw text is no field of an object, so that JSON and logs do not have it.
  const raw = value.raw === undefined ? {} : { raw: value.raw };
  return name === 'Object' ? entries(value) : { $record: name, ...entries(value), ...raw };
}

/** What the vectors expect, as far as JavaScript has types of its own. */
function expected(value, document) {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item) => expected(item, document));
  if ('$amount' in value) return value.$amount;
  if ('$word' in value) return value.$word;
  if ('$raw' in value) return value.$raw === 'document' ? document : value.$raw;
  if ('$timestamp' in value) return { $timestamp: new Date(value.$timestamp).toISOString() };
  if ('$metadata' in value) return value;
  const { $union: _, ...fields } = value;
  return Object.fromEntries(Object.entries(fields).map(([name, held]) => [name, expected(held, document)]));
}

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
