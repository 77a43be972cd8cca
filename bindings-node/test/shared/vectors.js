'use strict';
// Reads the files of tests/vectors, whose format tests/vectors/README.md describes.

const { createHmac } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { TESTS } = require('./harness');

const FOLDER = path.join(TESTS, 'vectors');

const vectors = (name) => JSON.parse(fs.readFileSync(path.join(FOLDER, `${name}.json`), 'utf8'));

/** Returns the name and the bytes of each payload whose name has one of the prefixes. */
function payloads(...prefixes) {
  const folder = path.join(FOLDER, 'payloads');
  const files = fs.readdirSync(folder).filter((file) => prefixes.some((prefix) => file.startsWith(prefix)));
  if (files.length === 0) throw new Error(`no payload has a prefix of: ${prefixes}`);
  return files.sort().map((file) => [path.basename(file, '.json'), fs.readFileSync(path.join(folder, file))]);
}

/** Returns the bytes of the body that a vector describes. */
function body(description) {
  if (typeof description === 'string') return Buffer.from(description);
  if (Array.isArray(description)) return Buffer.concat(description.map(body));
  if ('base64' in description) return Buffer.from(description.base64, 'base64');
  return Buffer.from(description.repeat.repeat(description.times));
}

/** Returns the signature header that a vector describes, for a raw body. */
function header(description, raw) {
  if (description === null || typeof description === 'string') return description;
  const signature = createHmac('sha256', description.sign_with).update(raw).digest('hex');
  switch (description.then) {
    case 'upper_case':
      return signature.toUpperCase();
    case 'drop_last':
      return signature.slice(0, -1);
    case 'append_0':
      return `${signature}0`;
    case 'change_last':
      return signature.slice(0, -1) + (signature.endsWith('0') ? '1' : '0');
    case 'surround_with_space':
      return ` ${signature}\t`;
    case undefined:
      return signature;
    default:
      throw new Error(`unknown change of a signature: ${description.then}`);
  }
}

/** Returns every payload with each of its parts removed, or replaced with a value of each type, as texts by name. */
function deletions() {
  const documents = new Map();
  for (const [name, raw] of payloads('webhook-', 'result-')) {
    const document = JSON.parse(raw);
    documents.set(name, JSON.stringify(document));
    eachPart(document, '', (parent, key, place) => {
      const value = parent[key];
      for (const other of [undefined, null, {}, [], '', 0, typeof value === 'string' ? 17 : 'another type']) {
        parent[key] = other;
        documents.set(`${name} ${place} ${JSON.stringify(other)}`, JSON.stringify(document));
      }
      parent[key] = value;
    });
  }
  return documents;
}

function eachPart(parent, place, visit) {
  if (parent === null || typeof parent !== 'object') return;
  for (const key of Object.keys(parent)) {
    visit(parent, key, `${place}/${key}`);
    eachPart(parent[key], `${place}/${key}`, visit);
  }
}

module.exports = { body, deletions, header, payloads, vectors };
