'use strict';
// Tokens that the program brings.

const { ConfigurationError } = require('./errors');

/** What the native part asks for a token. */
function source(program) {
  if (typeof program !== 'function') {
    throw new ConfigurationError('tokenSource: must be a function that answers a token', { field: 'tokenSource' });
  }
  return (reply) => {
    answer(program).then(
      ([token, expiresIn]) => reply.token(token, expiresIn),
      (error) => reply.fail(error instanceof Refusal ? error.message : 'it failed with an error of its own'),
    );
  };
}

/** Not the program's error, whose text may hold the token. */
class Refusal extends Error {}

async function answer(program) {
  const answered = await program();
  const { token, expiresIn = null } = typeof answered === 'string' ? { token: answered } : (answered ?? {});
  if (typeof token !== 'string') throw new Refusal('it must answer a token as text, or { token, expiresIn }');
  if (expiresIn !== null && typeof expiresIn !== 'number') throw new Refusal('expiresIn must be a number of seconds');
  return [token, expiresIn];
}

module.exports = { source };
