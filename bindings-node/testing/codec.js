'use strict';
// Converts between the sandbox's JSON, with names such as `took_effect`, and the objects of programs. The types are those
// of sandbox/controls.json.

const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());

/** Reads a value of a type. Names that are unknown here are left out. */
function read(records, value, type) {
  if (value === null || value === undefined) return null;
  if (type.endsWith('?')) return read(records, value, type.slice(0, -1));
  if (type.startsWith('[')) return value.map((item) => read(records, item, type.slice(1, -1)));
  const fields = records[type];
  if (!fields) return value;
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [camel(name), read(records, value[name], field.type)]));
}

/** Writes a value of a type, or an object whose fields are given. `path` is its name in errors. */
function write(records, value, type, path = 'options') {
  if (typeof type === 'object') return writeFields(records, value, type, path);
  if (type.endsWith('?')) return value === null || value === undefined ? value : write(records, value, type.slice(0, -1), path);
  if (type.startsWith('[')) {
    if (!Array.isArray(value)) throw new TypeError(`${path}: must be an array`);
    return value.map((item, index) => write(records, item, type.slice(1, -1), `${path}[${index}]`));
  }
  if (type === 'amount') return amount(value, path);
  return records[type] ? writeFields(records, value, records[type], path) : value;
}

function writeFields(records, value, fields, path) {
  if (typeof value !== 'object' || value === null) throw new TypeError(`${path}: must be an object`);
  const known = new Map(Object.entries(fields).map(([name, field]) => [camel(name), { name, ...field }]));
  for (const given of Object.keys(value)) {
    if (!known.has(given)) throw new TypeError(`${path}.${given}: unknown field; expected one of ${[...known.keys()].join(', ')}`);
  }
  const written = {};
  for (const [given, field] of known) {
    const found = value[given] === undefined ? field.default : value[given];
    if (found !== undefined) written[field.name] = write(records, found, field.type, `${path}.${given}`);
    else if (!field.type.endsWith('?')) throw new TypeError(`${path}.${given}: is missing`);
  }
  return written;
}

function amount(value, path) {
  if (typeof value === 'string' || typeof value === 'bigint' || Number.isSafeInteger(value)) return String(value);
  // Decimal types of libraries have toJSON.
  if (typeof value?.toJSON === 'function' && !(value instanceof Date)) return amount(value.toJSON(), path);
  throw new TypeError(`${path}: must be an exact amount: text such as '10.50', a whole number, or a BigInt`);
}

/** A part of a path. What is missing must not become the word `undefined`. */
function segment(value, name) {
  if ((typeof value !== 'string' || value === '') && !Number.isSafeInteger(value)) {
    throw new TypeError(`${name}: must be a string that is not empty, or an integer`);
  }
  return encodeURIComponent(String(value));
}

module.exports = { read, segment, write };
