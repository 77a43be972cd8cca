'use strict';
// Webhooks in Express 4 and 5, and in whatever hands over requests of node:http.

const { checkHandler, checkVerifier, notARequest, rawBodyOf, receive, valuesOf, verifyRaw, wrongSetUp } = require('./request');

const FIX = 'put `app.post(path, webhooks(verifier, handler))` above `app.use(express.json())`';

async function verify(verifier, request) {
  checkVerifier(verifier);
  if (typeof request?.headers !== 'object') throw notARequest('Express', request, FIX);
  const body = await rawBodyOf(verifier, request);
  if (!body) throw wrongSetUp('Express', 'express.json(), bodyParser or something else has read the body before', FIX);
  return verifyRaw(verifier, body, valuesOf(request));
}

function webhooks(verifier, handler, options = {}) {
  checkVerifier(verifier);
  checkHandler(handler);
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
      // Where nobody gave a way for errors, the promise is it.
      if (!next) throw error;
      next(error);
    }
  };
}

module.exports = { verify, webhooks };
