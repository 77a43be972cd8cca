'use strict';

const assert = require('node:assert');
const { describe, test } = require('node:test');
const { InvalidRequestError, SignatureError, WebhookVerifier } = require('kopokopo');
const { verify, webhooks } = require('kopokopo/aws-lambda');
const { CASES, HEADER, KEY, PAID, sign } = require('./support');

const verifier = new WebhookVerifier({ apiKeys: [KEY] });
const quiet = { onRefusal: () => {} };

/** How each front of a function writes down a request. */
const FRONTS = {
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
  'a load balancer with many values': (raw, signature) => ({
    requestContext: { elb: {} },
    httpMethod: 'POST',
    multiValueHeaders: { 'content-type': ['application/json'], ...(signature === null ? {} : { [HEADER.toLowerCase()]: [signature] }) },
    body: raw.toString('base64'),
    isBase64Encoded: true,
  }),
};

for (const [front, request] of Object.entries(FRONTS)) {
  describe(front, () => {
    for (const one of CASES) {
      // A gateway that hands on text cannot hand on these.
      if (front.endsWith('1') && !one.raw.equals(Buffer.from(one.raw.toString()))) continue;
      test(one.name, async () => {
        const events = [];
        const handler = webhooks(new WebhookVerifier(one.options), (event) => void events.push(event), quiet);
        const answer = await handler(request(one.raw, one.signature), {});
        assert.strictEqual(answer.statusCode, one.status);
        assert.strictEqual(events.length, one.status === 200 ? 1 : 0);
        if (one.topic !== undefined) assert.strictEqual(events[0].topic, one.topic);
      });
    }
  });
}

const request = (headers, rest = {}) => ({ headers, body: PAID.toString(), isBase64Encoded: false, ...rest });

test('the header is found however its name is spelt', () => {
  for (const name of [HEADER, HEADER.toLowerCase(), HEADER.toUpperCase()]) {
    assert.strictEqual(verify(verifier, request({ [name]: sign(PAID) })).topic, 'buygoods_transaction_received');
  }
});

test('the same signature in several places is one, different ones are refused', () => {
  const right = sign(PAID);
  const wrong = '0'.repeat(64);
  verify(verifier, request({ [HEADER]: right }, { multiValueHeaders: { [HEADER]: [right, right] } }));
  verify(verifier, request({ [HEADER.toLowerCase()]: `${right}, ${right}` }));
  for (const [headers, multiValueHeaders] of [
    [{ [HEADER]: right }, { [HEADER]: [wrong, right] }],
    [{ [HEADER]: right, [HEADER.toLowerCase()]: wrong }, null],
    [{ [HEADER.toLowerCase()]: `${right},${wrong}` }, null],
    [null, { [HEADER]: [right], [HEADER.toLowerCase()]: [wrong] }],
  ]) {
    assert.throws(() => verify(verifier, request(headers, { multiValueHeaders })), SignatureError);
  }
});

test('a body that was parsed, or is no Base64, is answered by the fix', async () => {
  const headers = { [HEADER]: sign(PAID) };
  for (const wrong of [
    request(headers, { body: JSON.parse(PAID) }),
    request(headers, { body: PAID.toString(), isBase64Encoded: true }),
    request(headers, { body: '====', isBase64Encoded: true }),
    JSON.parse(PAID),
    PAID.toString(),
    null,
    { Records: [] },
  ]) {
    const told = (error) => {
      assert.ok(error instanceof InvalidRequestError);
      assert.strictEqual(error.field, 'body');
      assert.match(error.message, /^AWS Lambda: .*use a proxy integration/);
      return true;
    };
    assert.throws(() => verify(verifier, wrong), told);
    await assert.rejects(webhooks(verifier, () => {})(wrong, {}), told);
  }
});

test("an error of the handler is the function's, whatever it is", async () => {
  for (const failure of [new Error('the database is away'), new SignatureError('of something else')]) {
    const handler = webhooks(verifier, async () => {
      throw failure;
    });
    await assert.rejects(handler(request({ [HEADER]: sign(PAID) }), {}), (error) => error === failure);
  }
});

test('the handler gets the request and its context, and may answer itself', async () => {
  const handler = webhooks(verifier, (event, { headers }, context) => ({
    statusCode: 202,
    body: [event.topic, Object.keys(headers)[0], context.awsRequestId].join(' '),
  }));
  const answer = await handler(request({ [HEADER]: sign(PAID) }), { awsRequestId: '7' });
  assert.deepStrictEqual(answer, { statusCode: 202, body: `buygoods_transaction_received ${HEADER} 7` });
});

test('strangers learn nothing, and the program learns why', async (t) => {
  const warn = t.mock.method(console, 'warn', () => {});
  const answer = await webhooks(verifier, () => {})(request({ [HEADER]: sign(PAID, 'wrong-key') }), {});
  assert.deepStrictEqual([answer.statusCode, answer.body], [401, 'signature refused']);
  assert.match(warn.mock.calls[0].arguments[0], /^kopokopo: webhook refused: .*does not match/);
});

test('what is set up wrongly fails at the start', () => {
  assert.throws(() => webhooks(undefined, () => {}), InvalidRequestError);
  assert.throws(() => webhooks(verifier), InvalidRequestError);
});
