'use strict';
// Whether a payment is the expected one.

const { named, write } = require('./arguments');
const host = require('./host');

const FIELDS = ['amount', 'currency', 'tillNumber'];

/** By the raw text of a record: `event`, `incoming_payment` or `payment_link`. */
function isPaidAtLeast(record, raw, expected) {
  const given = { ...named(expected, FIELDS, 'expected'), payment: raw, record };
  return host.callFunction('is_paid_at_least', write(given), (row) => row.flag());
}

module.exports = { isPaidAtLeast };
