'use strict';

module.exports = {
  ...require('./lib/client'),
  ...require('./lib/records'),
  ...require('./lib/errors'),
};
