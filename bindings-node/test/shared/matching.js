'use strict';
// Paths, matchers and references of tests/README.md.

const REFERENCE = /\$([a-z][A-Za-z0-9_.]*)/g;

/** The value at a dotted path; an array of several; undefined where there is none. */
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
    const [key, wanted] = [part.slice(0, equals), part.slice(equals + 1)];
    return items.filter((item) => item?.[key] !== undefined && text(item[key]) === wanted);
  }
  const has = value !== null && typeof value === 'object' && Object.hasOwn(value, part);
  return has ? [value[part]] : [];
}

/** A text as it is, anything else as in JSON. */
function text(value) {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Whether a value is what is wanted. Null is absent. */
function fits(found, wanted) {
  const own = found === null ? undefined : found;
  const keys = wanted !== null && typeof wanted === 'object' && !Array.isArray(wanted) ? Object.keys(wanted) : [];
  if (keys.length !== 1 || !keys[0].startsWith('$')) return same(own, wanted);
  const inner = wanted[keys[0]];
  switch (keys[0]) {
    case '$any':
      return (own !== undefined) === inner;
    case '$not':
      return !fits(own, inner);
    case '$contains':
      if (typeof own === 'string') return own.includes(inner);
      return Array.isArray(own) && own.some((item) => same(item, inner));
    case '$min':
      return typeof own === 'number' && own >= inner;
    case '$amount':
      return own !== undefined && amount(own) !== null && amount(own) === amount(inner);
    default:
      throw new Error(`there is no matcher ${keys[0]}`);
  }
}

function same(found, wanted) {
  if (found === undefined || wanted === null) return (found ?? null) === wanted;
  if (typeof found !== 'object' || typeof wanted !== 'object') return found === wanted;
  const names = new Set([...Object.keys(found), ...Object.keys(wanted)]);
  return Array.isArray(found) === Array.isArray(wanted) && [...names].every((name) => same(found[name], wanted[name]));
}

/** The digits without what does not count. */
function amount(value) {
  const parts = /^(-?)0*(\d*?)(?:\.(\d*?)0*)?$/.exec(text(value));
  return parts && `${parts[1]}${parts[2] || '0'}${parts[3] ? `.${parts[3]}` : ''}`;
}

/** The value with every reference in it resolved. */
function fill(value, names) {
  if (typeof value === 'string') {
    const whole = /^\$([a-z][A-Za-z0-9_.]*)$/.exec(value);
    return whole ? lookUp(whole[1], names) : fillText(value, names);
  }
  if (Array.isArray(value)) return value.map((item) => fill(item, names));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, fill(item, names)]));
}

function fillText(template, names) {
  return template.replace(REFERENCE, (_, reference) => text(lookUp(reference, names)));
}

function lookUp(reference, names) {
  const [name, ...path] = reference.split('.');
  if (!Object.hasOwn(names, name)) throw new Error(`no step was named ${name}`);
  const found = find(names[name], path.join('.'));
  if (found === undefined) throw new Error(`${name} has no ${path.join('.')}`);
  return found;
}

/** Everything that does not fit. */
function differences(found, expected, names) {
  const wrong = [];
  for (const [template, value] of Object.entries(expected)) {
    const [path, wanted] = [fillText(template, names), fill(value, names)];
    const own = find(found, path);
    if (!fits(own, wanted)) wrong.push(`${path}: expected ${text(wanted)}, found ${text(own) ?? 'nothing'}`);
  }
  return wrong;
}

/** Without anybody's number or secret. */
function redacted(why) {
  return why.replace(/[A-Za-z0-9_]+/g, (run) => {
    if (run.length >= 9 && /^\d+$/.test(run)) return '[number]';
    return run.length >= 30 && /\d/.test(run) ? '[secret]' : run;
  });
}

module.exports = { differences, fill, fillText, fits, redacted };
