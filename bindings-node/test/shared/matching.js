'use strict';
// The paths, matchers and references of scenarios (tests/README.md).

const REFERENCE = /\$([a-z][A-Za-z0-9_.]*)/g;

/** Returns the value at a dotted path: an array if there are several, undefined if it is absent. */
function find(root, path) {
  let found = [root];
  for (const part of path.split('.').filter(Boolean)) {
    found = found.flatMap((value) => step(value, part));
  }
  return found.length > 1 ? found : found[0];
}

function step(value, part) {
  const items = Array.isArray(value) ? value : [];
  if (part === '#') return Array.isArray(value) ? [value.length] : [];
  if (part === '*') return items;
  const equals = part.indexOf('=');
  if (equals > 0) {
    const [key, expected] = [part.slice(0, equals), part.slice(equals + 1)];
    return items.filter((item) => item?.[key] !== undefined && text(item[key]) === expected);
  }
  const has = value !== null && typeof value === 'object' && Object.hasOwn(value, part);
  return has ? [value[part]] : [];
}

/** Returns a text unchanged, and any other value as JSON. */
function text(value) {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Returns whether a value matches the expected value or matcher. Null counts as absent. */
function matches(found, expected) {
  const actual = found === null ? undefined : found;
  const keys = expected !== null && typeof expected === 'object' && !Array.isArray(expected) ? Object.keys(expected) : [];
  if (keys.length !== 1 || !keys[0].startsWith('$')) return isEqual(actual, expected);
  const inner = expected[keys[0]];
  switch (keys[0]) {
    case '$any':
      return (actual !== undefined) === inner;
    case '$not':
      return !matches(actual, inner);
    case '$contains':
      if (typeof actual === 'string') return actual.includes(inner);
      return Array.isArray(actual) && actual.some((item) => isEqual(item, inner));
    case '$min':
      return typeof actual === 'number' && actual >= inner;
    case '$amount':
      return actual !== undefined && amount(actual) !== null && amount(actual) === amount(inner);
    default:
      throw new Error(`unknown matcher: ${keys[0]}`);
  }
}

function isEqual(found, expected) {
  if (found === undefined || expected === null) return (found ?? null) === expected;
  if (typeof found !== 'object' || typeof expected !== 'object') return found === expected;
  const names = new Set([...Object.keys(found), ...Object.keys(expected)]);
  return Array.isArray(found) === Array.isArray(expected) && [...names].every((name) => isEqual(found[name], expected[name]));
}

/** Returns an amount without leading and trailing zeros; null if it is not a number. */
function amount(value) {
  const parts = /^(-?)0*(\d*?)(?:\.(\d*?)0*)?$/.exec(text(value));
  return parts && `${parts[1]}${parts[2] || '0'}${parts[3] ? `.${parts[3]}` : ''}`;
}

/** Returns the value with all references in it resolved. */
function resolve(value, names) {
  if (typeof value === 'string') {
    const whole = /^\$([a-z][A-Za-z0-9_.]*)$/.exec(value);
    return whole ? lookup(whole[1], names) : resolveText(value, names);
  }
  if (Array.isArray(value)) return value.map((item) => resolve(item, names));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, resolve(item, names)]));
}

function resolveText(template, names) {
  return template.replace(REFERENCE, (_, reference) => text(lookup(reference, names)));
}

function lookup(reference, names) {
  const [name, ...path] = reference.split('.');
  if (!Object.hasOwn(names, name)) throw new Error(`no step has the name ${name}`);
  const found = find(names[name], path.join('.'));
  if (found === undefined) throw new Error(`${name} has no ${path.join('.')}`);
  return found;
}

/** Returns a message for each expectation that does not match. */
function differences(found, expectations, names) {
  const messages = [];
  for (const [template, value] of Object.entries(expectations)) {
    const [path, expected] = [resolveText(template, names), resolve(value, names)];
    const actual = find(found, path);
    if (!matches(actual, expected)) messages.push(`${path}: expected ${text(expected)}, found ${text(actual) ?? 'nothing'}`);
  }
  return messages;
}

/** Returns the message without phone numbers and secrets. */
function redactMessage(message) {
  return message.replace(/[A-Za-z0-9_]+/g, (run) => {
    if (run.length >= 9 && /^\d+$/.test(run)) return '[number]';
    return run.length >= 30 && /\d/.test(run) ? '[secret]' : run;
  });
}

module.exports = { differences, matches, redactMessage, resolve, resolveText };
