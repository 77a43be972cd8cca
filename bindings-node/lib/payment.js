'use strict';
// Whether a payment is the one that was expected.

const { named, write } = require('./arguments');
const host = require('./host');

const FIELDS = ['amount', 'currency', 'tillNumber'];

/** By the raw text of an event, an incoming payment or a payment link. */
function isPaidAtLeast(raw, expected) {
  const given = { ...named(expected, FIELDS, 'expected'), payment: raw };
  return host.callFunction('is_paid_at_least', write(given), (row) => row.flag());
}

module.exports = { isPaidAtLeast };
