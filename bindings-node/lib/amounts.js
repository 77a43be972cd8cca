'use strict';
// Exact amounts. The API's `100.00` and this package's `100` are the same money, and no two texts.

const { InvalidRequestError } = require('./errors');

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d{1,2}))?$/i;

/** No amount has so many digits, and reading more takes long. */
const LONGEST = 64;

const REMEDY = "must be an exact amount: text such as '10.50', a whole number, or a BigInt";

/** Compares two amounts exactly: a negative number if `a` is less, 0 if they are equal, a positive number if it is more. */
function compareAmounts(a, b) {
  const [left, right] = [read(a, 'a'), read(b, 'b')];
  const scale = Math.max(left.scale, right.scale);
  const difference = scaled(left, scale) - scaled(right, scale);
  return difference < 0n ? -1 : Number(difference > 0n);
}

/** Whether two amounts are equal: `amountsEqual('100.00', '100')`. */
function amountsEqual(a, b) {
  return compareAmounts(a, b) === 0;
}

/** The amount as a whole number of its smallest part: `10 ** -scale`. */
const scaled = ({ digits, scale }, to) => digits * 10n ** BigInt(to - scale);

function read(given, place) {
  const text = textOf(given)?.trim() ?? '';
  const [, minus, whole, fraction = '', exponent = '0'] = (text.length <= LONGEST && DECIMAL.exec(text)) || [];
  if (whole === undefined) throw new InvalidRequestError(`${place}: ${REMEDY}`, { field: place });
  const scale = fraction.length - Number(exponent);
  const digits = BigInt(whole + fraction + '0'.repeat(Math.max(0, -scale))) * (minus ? -1n : 1n);
  return { digits, scale: Math.max(0, scale) };
}

function textOf(given) {
  if (typeof given === 'string') return given;
  if (typeof given === 'bigint' || Number.isSafeInteger(given)) return String(given);
  // The exact decimals of libraries.
  return typeof given?.toJSON === 'function' && !(given instanceof Date) ? textOf(given.toJSON()) : undefined;
}

module.exports = { amountsEqual, compareAmounts };
