'use strict';
// The system's error behind a failed connection, as Node's own errors have it: `error.cause.code` is 'ECONNREFUSED'.

const { getSystemErrorMap } = require('node:util');

/** Windows has numbers of its own. */
const WINDOWS = { 10051: 'ENETUNREACH', 10053: 'ECONNABORTED', 10054: 'ECONNRESET', 10060: 'ETIMEDOUT', 10061: 'ECONNREFUSED', 10065: 'EHOSTUNREACH' };

const LOOKUP = /failed to lookup address information|no such host|nodename nor servname/i;

/** Undefined where no system's error is named. Only for kinds that mean that nothing was sent. */
function systemError(kind, detail) {
  if (kind !== 'connection' && kind !== 'timeout') return undefined;
  if (LOOKUP.test(detail)) return made('ENOTFOUND', 'the host name could not be resolved');
  const number = Number(/\(os error (\d+)\)/.exec(detail)?.[1]);
  if (Number.isNaN(number)) return undefined;
  if (WINDOWS[number]) return made(WINDOWS[number], 'the connection failed', number);
  const [code, text] = getSystemErrorMap().get(-number) ?? [];
  return code && made(code, text, number);
}

function made(code, text, number) {
  const error = new Error(`${code}: ${text}`);
  error.code = code;
  if (number !== undefined) error.errno = -number;
  return error;
}

module.exports = { systemError };
