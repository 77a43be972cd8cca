'use strict';
// The system error behind a failed connection, with the fields that Node's own errors have: `error.cause.code` is
// 'ECONNREFUSED'.

const { getSystemErrorMap } = require('node:util');

/** Error numbers of Windows, which `getSystemErrorMap` does not have. */
const WINDOWS_CODES = {
  10051: 'ENETUNREACH',
  10053: 'ECONNABORTED',
  10054: 'ECONNRESET',
  10060: 'ETIMEDOUT',
  10061: 'ECONNREFUSED',
  10065: 'EHOSTUNREACH',
};

const LOOKUP = /failed to lookup address information|no such host|nodename nor servname/i;

/**
 * Returns the system error that the detail of an error names; otherwise undefined. Only for the kinds that mean that
 * nothing was sent.
 */
function systemError(kind, detail) {
  if (kind !== 'connection' && kind !== 'timeout') return undefined;
  if (LOOKUP.test(detail)) return createSystemError('ENOTFOUND', 'the host name could not be resolved');
  const number = Number(/\(os error (\d+)\)/.exec(detail)?.[1]);
  if (Number.isNaN(number)) return undefined;
  if (WINDOWS_CODES[number]) return createSystemError(WINDOWS_CODES[number], 'the connection failed', number);
  const [code, text] = getSystemErrorMap().get(-number) ?? [];
  return code && createSystemError(code, text, number);
}

function createSystemError(code, text, number) {
  const error = new Error(`${code}: ${text}`);
  error.code = code;
  if (number !== undefined) error.errno = -number;
  return error;
}

module.exports = { systemError };
