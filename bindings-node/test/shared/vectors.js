'use strict';
// The files of tests/vectors, and the little language they are written in (tests/vectors/README.md).

const { createHmac } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { TARGET, TESTS } = require('./stage');

const FOLDER = path.join(TESTS, 'vectors');

const vectors = (name) => JSON.parse(fs.readFileSync(path.join(FOLDER, `${name}.json`), 'utf8'));

function payloads(...prefixes) {
  const folder = path.join(FOLDER, 'payloads');
  const files = fs.readdirSync(folder).filter((file) => prefixes.some((prefix) => file.startsWith(prefix)));
  if (files.length === 0) throw new Error(`no payloads ${prefixes}`);
  return files.sort().map((file) => [path.basename(file, '.json'), fs.readFileSync(path.join(folder, file))]);
}

function body(written) {
  if (typeof written === 'string') return Buffer.from(written);
  if (Array.isArray(written)) return Buffer.concat(written.map(body));
  if ('base64' in written) return Buffer.from(written.base64, 'base64');
  return Buffer.from(written.repeat.repeat(written.times));
}

/** The signature's header of a hostile webhook. */
function header(written, raw) {
  if (written === null || typeof written === 'string') return written;
  const signature = createHmac('sha256', written.sign_with).update(raw).digest('hex');
  switch (written.then) {
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
      throw new Error(`a signature cannot be changed by ${written.then}`);
  }
}

/** The deletion vectors, which are not in the repository: the first line is about the others. */
function deletions() {
  const file = path.join(TARGET, 'deletion-vectors.jsonl');
  if (!fs.existsSync(file)) throw new Error(`${file} is missing: run \`cargo run --package kopokopo-tests --bin deletion-vectors\``);
  return fs.readFileSync(file, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line));
}

module.exports = { body, deletions, header, payloads, vectors };
