'use strict';
// Token sources: functions of the application that supply access tokens.

const { ConfigurationError } = require('./errors');

/** Returns the function that the native addon calls for a token. */
function wrapTokenSource(tokenSource) {
  if (typeof tokenSource !== 'function') {
    throw new ConfigurationError('tokenSource: must be a function that returns a token', { field: 'tokenSource' });
  }
  return (reply) => {
    fetchToken(tokenSource).then(
      ([token, expiresIn]) => reply.token(token, expiresIn),
      // The text of any other error may contain the token.
      (error) => reply.fail(error instanceof InvalidTokenError ? error.message : 'it threw an error'),
    );
  };
}

/** The token source returned a value that is not a token. */
class InvalidTokenError extends Error {}

async function fetchToken(tokenSource) {
  const value = await tokenSource();
  const { token, expiresIn = null } = typeof value === 'string' ? { token: value } : (value ?? {});
  if (typeof token !== 'string') throw new InvalidTokenError('it must return a token as text, or { token, expiresIn }');
  if (expiresIn !== null && typeof expiresIn !== 'number') throw new InvalidTokenError('expiresIn must be a number of seconds');
  return [token, expiresIn];
}

module.exports = { wrapTokenSource };
