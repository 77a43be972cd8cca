'use strict';

const records = require('./lib/records');
const { redact } = require('./lib/record');

module.exports = {
  ...require('./lib/client'),
  ...records,
  ...require('./lib/errors'),
  ...require('./lib/amounts'),
  redact,
  /** `Event` under a name that browsers' types do not have. */
  WebhookEvent: records.Event,
};
