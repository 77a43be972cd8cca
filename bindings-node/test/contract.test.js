'use strict';
// The package exports exactly what the contract lists (tests/contract.json).

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const kopokopo = require('..');
const { TESTS } = require('./shared/harness');

/** The exports that are not in the contract. */
const OWN = ['WebhookEvent', 'amountsEqual', 'compareAmounts', 'redact'];

/** The function of the contract that is a method of payments here. */
const PAYMENT_METHOD = 'is_paid_at_least';

const contract = JSON.parse(fs.readFileSync(path.join(TESTS, 'contract.json'), 'utf8'));
const declarations = fs.readFileSync(path.join(__dirname, '..', 'index.d.ts'), 'utf8');

const camel = (name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
const records = Object.entries(contract.records).filter(([, found]) => found.out);
const objects = Object.entries(contract.objects).filter(([name]) => !name.endsWith('Watch'));
const errors = contract.error.kinds.map((kind) => `${kind[0].toUpperCase()}${camel(kind.slice(1))}Error`);

/** Returns the names of the members that a class or an interface has in the declarations. */
function declaredMembers(name) {
  const found = new RegExp(`^export (?:declare )?(?:abstract )?(?:class|interface) ${name}\\b[^{]*\\{\\n([^]*?)^\\}`, 'm').exec(declarations);
  assert.ok(found, `${name} is not declared`);
  const members = found[1].replace(/\/\*\*[^]*?\*\//g, '').matchAll(/^  (?:static |readonly |get )*(\w+)[?(<:]/gm);
  return new Set([...members].map((member) => member[1]).filter((member) => member !== 'constructor'));
}

/** Returns the names of the static members, methods and getters of a class. */
function members(Class) {
  const own = (of) => Object.getOwnPropertyNames(of).filter((name) => !['constructor', 'length', 'name', 'prototype'].includes(name));
  return new Set([...own(Class), ...own(Class.prototype)]);
}

test('package exports exactly the names of the contract', () => {
  const expected = [
    ...OWN,
    ...objects.map(([name]) => name),
    ...Object.keys(contract.functions).filter((name) => name !== PAYMENT_METHOD).map(camel),
    ...records.map(([name]) => name),
    'KopoKopoError',
    ...errors,
  ];
  assert.deepStrictEqual(Object.keys(kopokopo).sort(), expected.sort());
});

test('import has the same names as require', async () => {
  const names = Object.keys(await import('../index.mjs'));
  assert.deepStrictEqual(names.sort(), Object.keys(kopokopo).sort());
});

for (const [name, { constructors, methods }] of objects) {
  test(`${name} has the methods of the contract`, () => {
    const expected = new Set([...Object.keys(methods), ...Object.keys(constructors).filter((found) => found !== 'new')].map(camel));
    assert.deepStrictEqual([...declaredMembers(name)].sort(), [...expected].sort());
    const source = kopokopo[name].toString();
    // A value that never changes is a field, which the constructor sets.
    const found = new Set([...members(kopokopo[name]), ...[...source.matchAll(/^\s+this\.(\w+) =/gm)].map((field) => field[1])]);
    assert.deepStrictEqual([...found].sort(), [...expected].sort());
  });
}

for (const [name, { fields }] of records) {
  test(`${name} has the fields of the contract`, () => {
    const expected = fields.map(camel);
    const isPayment = fields.includes('payment_key') && fields.includes('raw');
    assert.deepStrictEqual([...declaredMembers(name)].sort(), [...expected, ...(isPayment ? [camel(PAYMENT_METHOD)] : [])].sort());
    const set = [...kopokopo[name].toString().matchAll(/^\s+this\.#?(\w+) =/gm)].map((field) => field[1]);
    assert.deepStrictEqual(set, expected);
    assert.strictEqual(kopokopo[name].prototype[camel(PAYMENT_METHOD)] !== undefined, isPayment);
    assert.strictEqual('raw' in kopokopo[name].prototype, fields.includes('raw'));
  });
}

for (const [name, { shape, variants }] of Object.entries(contract.enums)) {
  test(`${name} has the values of the contract`, () => {
    const [, found] = new RegExp(`^export type ${name} =([^]*?);\\n(?:\\n|$)`, 'm').exec(declarations);
    const words = [...found.replace(/\/\*\*[^]*?\*\//g, '').matchAll(/'([^']*)'/g)].map((word) => word[1]);
    for (const word of Object.keys(variants)) assert.ok(words.includes(word), word);
    if (shape !== 'union') assert.strictEqual(words.length, Object.keys(variants).length);
    assert.strictEqual(/string & \{\}/.test(found), shape === 'open');
  });
}

test('each kind of error has a class with the fields of the contract', () => {
  for (const [index, kind] of contract.error.kinds.entries()) {
    const error = new kopokopo[errors[index]]('d');
    assert.ok(error instanceof kopokopo.KopoKopoError && error instanceof Error);
    assert.strictEqual(kopokopo[errors[index]].kind, kind);
    assert.deepStrictEqual([error.kind, error.name, error.detail], [kind, errors[index], 'd']);
    for (const field of contract.error.fields) assert.notStrictEqual(error[camel(field)], undefined);
  }
});

test('every watch is an async iterator', () => {
  const watches = Object.keys(contract.objects).filter((name) => name.endsWith('Watch'));
  const iterators = [...declarations.matchAll(/^ {2}watch\(.*\): AsyncIterableIterator<(\w+)>;$/gm)].map(([, name]) => `${name}Watch`);
  assert.ok(watches.length > 10);
  assert.deepStrictEqual([...new Set(iterators)].sort(), watches.sort());
});

test('sections of version 1 of the API are deprecated', () => {
  for (const name of ['payments', 'settlementTransfers', 'smsNotifications']) {
    assert.match(declarations, new RegExp(`@deprecated [^/]*\\*/\\n  readonly ${name}: `), name);
  }
  assert.doesNotMatch(declarations, /@deprecated [^/]*\*\/\n  readonly incomingPayments: /);
});

test('contractHash returns the hash of the contract', () => assert.strictEqual(kopokopo.contractHash(), contract.hash));
