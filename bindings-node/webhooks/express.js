'use strict';
// Webhooks in Express 4 and 5, and in everything else that has requests of node:http.

const { bodyNotRaw, checkHandler, checkVerifier, notARequest, rawBodyOf, receive, valuesOf, verifyRaw } = require('./request');

const FIX = 'put `app.post(path, webhooks(verifier, handler))` above `app.use(express.json())`';

async function verify(verifier, request) {
  checkVerifier(verifier);
  if (typeof request?.headers !== 'object') throw notARequest('Express', request, FIX);
  const body = await rawBodyOf(verifier, request);
  if (!body) throw bodyNotRaw('Express', 'express.json(), bodyParser or other code has read the body before', FIX);
  return verifyRaw(verifier, body, valuesOf(request));
}

function webhooks(verifier, handler, options = {}) {
  checkVerifier(verifier);
  checkHandler(handler, options);
  return async (request, response, next) => {
    try {
      await receive(
        options,
        () => verify(verifier, request),
        async (event) => {
          await handler(event, request, response);
          if (!response.headersSent) response.end();
        },
        ({ status, text }) => {
          response.statusCode = status;
          response.setHeader('Content-Type', 'text/plain; charset=utf-8');
          response.end(text);
        },
      );
    } catch (error) {
      if (next) return next(error);
      // With node:http no code awaits the promise: a rejection would end the process, and the webhook would have no response.
      console.error(error);
      if (response.headersSent) return response.destroy();
      response.statusCode = 500;
      response.end();
    }
  };
}

module.exports = { verify, webhooks };
