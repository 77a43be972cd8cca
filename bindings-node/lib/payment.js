'use strict';
// Checks whether a payment is at least the expected one.

const { checkOptions, write } = require('./arguments');
const host = require('./host');

const FIELDS = ['amount', 'currency', 'tillNumber'];

/** `record` is the kind of the record that `raw` is the text of: `event`, `incoming_payment` or `payment_link`. */
function isPaidAtLeast(record, raw, expected) {
  const argument = { ...checkOptions(expected, FIELDS, 'expected'), payment: raw, record };
  return host.callFunction('is_paid_at_least', write(argument), (decoder) => decoder.flag());
}

module.exports = { isPaidAtLeast };
