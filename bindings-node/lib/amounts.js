'use strict';
// Exact comparison of amounts. The API's `100.00` and this package's `100` are the same amount, but different texts.

const { InvalidRequestError } = require('./errors');

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d{1,2}))?$/i;

/** No amount has more characters, and parsing a longer text is slow. */
const MAX_LENGTH = 64;

const REMEDY = "must be an exact amount: text such as '10.50', a whole number, or a BigInt";

/**
 * Compares two amounts exactly. Returns a negative number if `a` is less than `b`, 0 if they are equal, and a positive
 * number if `a` is greater.
 */
function compareAmounts(a, b) {
  const [left, right] = [parse(a, 'a'), parse(b, 'b')];
  const scale = Math.max(left.scale, right.scale);
  const difference = rescale(left, scale) - rescale(right, scale);
  return difference < 0n ? -1 : Number(difference > 0n);
}

/** Returns whether two amounts are equal: `amountsEqual('100.00', '100')` is true. */
function amountsEqual(a, b) {
  return compareAmounts(a, b) === 0;
}

/** Returns the amount as a whole number of units of `10 ** -toScale`. */
const rescale = ({ digits, scale }, toScale) => digits * 10n ** BigInt(toScale - scale);

function parse(amount, field) {
  const text = toText(amount)?.trim() ?? '';
  const [, minus, whole, fraction = '', exponent = '0'] = (text.length <= MAX_LENGTH && DECIMAL.exec(text)) || [];
  if (whole === undefined) throw new InvalidRequestError(`${field}: ${REMEDY}`, { field });
  const scale = fraction.length - Number(exponent);
  const digits = BigInt(whole + fraction + '0'.repeat(Math.max(0, -scale))) * (minus ? -1n : 1n);
  return { digits, scale: Math.max(0, scale) };
}

function toText(amount) {
  if (typeof amount === 'string') return amount;
  if (typeof amount === 'bigint' || Number.isSafeInteger(amount)) return String(amount);
  // Decimal types of libraries have toJSON.
  return typeof amount?.toJSON === 'function' && !(amount instanceof Date) ? toText(amount.toJSON()) : undefined;
}

module.exports = { amountsEqual, compareAmounts };
