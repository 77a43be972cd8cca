'use strict';

const assert = require('node:assert');
const { describe, test } = require('node:test');
const { InvalidRequestError, JournalError, SignatureError, WebhookVerifier } = require('kopokopo');
const { verify, webhooks } = require('kopokopo/aws-lambda');
const { CASES, HEADER, KEY, PAID, sign } = require('./support');

const verifier = new WebhookVerifier({ apiKeys: [KEY] });
const quiet = { onRefusal: () => {} };

/** The event of a function for a request, from each service that calls functions. */
const SERVICES = {
  'API Gateway, version 1': (raw, signature) => ({
    resource: '/k2/results',
    httpMethod: 'POST',
    headers: { 'Content-Type': 'application/json', ...(signature === null ? {} : { [HEADER]: signature }) },
    multiValueHeaders: { 'Content-Type': ['application/json'], ...(signature === null ? {} : { [HEADER]: [signature] }) },
    body: raw.length > 0 ? raw.toString() : null,
    isBase64Encoded: false,
  }),
  'API Gateway, version 2, in Base64': (raw, signature) => ({
    version: '2.0',
    routeKey: 'POST /k2/results',
    headers: { 'content-type': 'application/json', ...(signature === null ? {} : { [HEADER.toLowerCase()]: signature }) },
    ...(raw.length > 0 ? { body: raw.toString('base64') } : {}),
    isBase64Encoded: true,
  }),
  'load balancer with multi-value headers': (raw, signature) => ({
    requestContext: { elb: {} },
    httpMethod: 'POST',
    multiValueHeaders: { 'content-type': ['application/json'], ...(signature === null ? {} : { [HEADER.toLowerCase()]: [signature] }) },
    body: raw.toString('base64'),
    isBase64Encoded: true,
  }),
};

for (const [service, createEvent] of Object.entries(SERVICES)) {
  describe(service, () => {
    for (const webhook of CASES) {
      // A gateway that passes text cannot pass bodies that are not UTF-8.
      if (service.endsWith('1') && !webhook.raw.equals(Buffer.from(webhook.raw.toString()))) continue;
      test(webhook.name, async () => {
        const events = [];
        const handler = webhooks(new WebhookVerifier(webhook.options), (event) => void events.push(event), quiet);
        const response = await handler(createEvent(webhook.raw, webhook.signature), {});
        assert.strictEqual(response.statusCode, webhook.status);
        assert.strictEqual(events.length, webhook.status === 200 ? 1 : 0);
        if (webhook.topic !== undefined) assert.strictEqual(events[0].topic, webhook.topic);
      });
    }
  });
}

const request = (headers, rest = {}) => ({ headers, body: PAID.toString(), isBase64Encoded: false, ...rest });

test('case of the header name does not matter', () => {
  for (const name of [HEADER, HEADER.toLowerCase(), HEADER.toUpperCase()]) {
    assert.strictEqual(verify(verifier, request({ [name]: sign(PAID) })).topic, 'buygoods_transaction_received');
  }
});

test('equal signatures in several fields count as one, and different ones are refused', () => {
  const valid = sign(PAID);
  const forged = '0'.repeat(64);
  verify(verifier, request({ [HEADER]: valid }, { multiValueHeaders: { [HEADER]: [valid, valid] } }));
  verify(verifier, request({ [HEADER.toLowerCase()]: `${valid}, ${valid}` }));
  for (const [headers, multiValueHeaders] of [
    [{ [HEADER]: valid }, { [HEADER]: [forged, valid] }],
    [{ [HEADER]: valid, [HEADER.toLowerCase()]: forged }, null],
    [{ [HEADER.toLowerCase()]: `${valid},${forged}` }, null],
    [null, { [HEADER]: [valid], [HEADER.toLowerCase()]: [forged] }],
  ]) {
    assert.throws(() => verify(verifier, request(headers, { multiValueHeaders })), SignatureError);
  }
});

test('parsed body and invalid Base64 have an error with the remedy', async () => {
  const headers = { [HEADER]: sign(PAID) };
  for (const invalid of [
    request(headers, { body: JSON.parse(PAID) }),
    request(headers, { body: PAID.toString(), isBase64Encoded: true }),
    request(headers, { body: '====', isBase64Encoded: true }),
    JSON.parse(PAID),
    PAID.toString(),
    null,
    { Records: [] },
  ]) {
    const hasRemedy = (error) => {
      assert.ok(error instanceof InvalidRequestError);
      assert.strictEqual(error.field, 'body');
      assert.match(error.message, /^AWS Lambda: .*use a proxy integration/);
      return true;
    };
    assert.throws(() => verify(verifier, invalid), hasRemedy);
    await assert.rejects(webhooks(verifier, () => {})(invalid, {}), hasRemedy);
  }
});

test('any error of the handler rejects the function', async () => {
  for (const failure of [new Error('the database is not available'), new SignatureError('from another verification')]) {
    const handler = webhooks(verifier, async () => {
      throw failure;
    });
    await assert.rejects(handler(request({ [HEADER]: sign(PAID) }), {}), (error) => error === failure);
  }
});

test('journal observes the event before the handler, and is a 500 if it fails', async () => {
  const calls = [];
  const journal = { observe: async (event) => void calls.push(['observe', event.topic]) };
  const handler = webhooks(verifier, (event) => void calls.push(['handle', event.topic]), { journal, ...quiet });
  const post = async () => (await handler(request({ [HEADER]: sign(PAID) }), {})).statusCode;
  assert.strictEqual(await post(), 200);
  assert.deepStrictEqual(calls.map(([call]) => call), ['observe', 'handle']);
  journal.observe = () => Promise.reject(new JournalError('the database is not available'));
  assert.strictEqual(await post(), 500);
  assert.strictEqual(calls.length, 2);
});

test('handler gets the event and the context of the function, and may return the response', async () => {
  const handler = webhooks(verifier, (event, { headers }, context) => ({
    statusCode: 202,
    body: [event.topic, Object.keys(headers)[0], context.awsRequestId].join(' '),
  }));
  const response = await handler(request({ [HEADER]: sign(PAID) }), { awsRequestId: '7' });
  assert.deepStrictEqual(response, { statusCode: 202, body: `buygoods_transaction_received ${HEADER} 7` });
});

test('refusal is logged with the reason, and the response does not contain it', async (t) => {
  const warn = t.mock.method(console, 'warn', () => {});
  const response = await webhooks(verifier, () => {})(request({ [HEADER]: sign(PAID, 'wrong-key') }), {});
  assert.deepStrictEqual([response.statusCode, response.body], [401, 'invalid signature']);
  assert.match(warn.mock.calls[0].arguments[0], /^kopokopo: webhook refused: .*does not match/);
});

test('missing verifier or handler throws immediately', () => {
  assert.throws(() => webhooks(undefined, () => {}), InvalidRequestError);
  assert.throws(() => webhooks(verifier), InvalidRequestError);
});
