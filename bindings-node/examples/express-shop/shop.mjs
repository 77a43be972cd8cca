// A shop that takes M-PESA: an order, an STK push, a callback, paid.
//
// npm install kopokopo express
// k2 sandbox                # in another terminal: prints what to export here
// node shop.mjs
// curl -d '{"item": "coffee", "phoneNumber": "0712345678"}' -H content-type:application/json http://127.0.0.1:3000/orders

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import express from 'express';
import { InvalidRequestError, KopoKopo, KopoKopoError, OutcomeUnknownError } from 'kopokopo';
import { webhooks } from 'kopokopo/express';

const PRICES = { coffee: '250', mandazi: '40', samosa: '62.50' };
const TILL = process.env.SHOP_TILL ?? 'K000000';

const k2 = KopoKopo.fromEnv();

// A shop that is to survive a restart keeps both in its database, and changes both in one transaction.
const orders = new Map(); // status: new, asked, unknown, paid, failed, dispute
const deliveries = new Set();

const app = express();

// What Kopo Kopo says became of a payment. Above express.json(): the signature covers the body as it came.
app.post(
  '/k2/results',
  webhooks(k2.webhooks, ({ dedupeKey, id, payload, topic }) => {
    if (deliveries.has(dedupeKey)) return; // deliveries repeat: each counts once
    console.log(`told: ${topic} ${id}`);
    if (payload.kind === 'incoming_payment') settle(payload.incomingPayment.metadata?.orderId, payload.incomingPayment);
    deliveries.add(dedupeKey); // at the end: where something fails, the webhook is delivered again
  }),
);

app.use(express.json());

app.post('/orders', async (request, response) => {
  const { item, phoneNumber } = request.body ?? {};
  if (!Object.hasOwn(PRICES, item)) return response.status(404).json({ error: `we sell ${Object.keys(PRICES)}` });
  // The order is kept first: whatever happens next, the callback finds it.
  const order = { id: randomUUID(), item, price: PRICES[item], status: 'new', paymentId: null, note: null };
  orders.set(order.id, order);
  try {
    const push = await k2.incomingPayments.create({
      tillNumber: TILL,
      phoneNumber,
      amount: order.price,
      callbackUrl: `${home}/k2/results`,
      metadata: { orderId: order.id },
    });
    moveOn(order, 'asked', ['new'], { paymentId: push.id }); // unless the callback was faster
  } catch (error) {
    if (!(error instanceof KopoKopoError)) throw error;
    if (error instanceof OutcomeUnknownError) {
      // The customer may be looking at the PIN prompt. Asking again could take the money twice, so nobody does: the
      // callback carries the order's id and tells. If none comes, somebody looks, as the note says.
      moveOn(order, 'unknown', ['new'], { note: error.detail });
      return response.status(201).json(order);
    }
    // Every other error means that the customer was not asked.
    moveOn(order, 'failed', ['new'], { note: error.detail });
    if (error instanceof InvalidRequestError) return response.status(422).json({ error: error.detail });
    return response.status(503).json({ error: 'M-PESA is out of reach. Nothing was taken: please order again later.' });
  }
  return response.status(201).json(order);
});

// How an order stands. Where the callback is late or lost, Kopo Kopo is asked.
app.get('/orders/:id', async (request, response) => {
  const order = orders.get(request.params.id);
  if (!order) return response.status(404).json({ error: 'no such order' });
  if (order.status === 'asked') {
    try {
      settle(order.id, await k2.incomingPayments.get(order.paymentId));
    } catch (error) {
      if (!(error instanceof KopoKopoError)) throw error; // out of reach: what is kept still stands
    }
  }
  return response.json(order);
});

/** Moves an order on by what became of its payment. It may be told twice, and in any order: paid stays paid. */
function settle(orderId, payment) {
  const order = orders.get(orderId);
  if (!order) return;
  if (payment.isPaid) {
    const enough = cents(payment.transaction?.amount) === cents(order.price);
    moveOn(order, enough ? 'paid' : 'dispute', ['new', 'asked', 'unknown', 'failed'], { paymentId: payment.id });
  } else if (payment.isFinal) {
    moveOn(order, 'failed', ['new', 'asked', 'unknown'], { paymentId: payment.id, note: payment.errors.join('; ') });
  }
}

/** Changes an order that stands in one of the states before. */
function moveOn(order, status, since, { paymentId = order.paymentId, note = null } = {}) {
  if (since.includes(order.status)) Object.assign(order, { status, paymentId, note });
}

const cents = (amount) => Math.round(Number(amount) * 100);

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1');
await once(server, 'listening');
// Kopo Kopo reaches the shop here: https, but for the sandbox.
const home = process.env.SHOP_URL ?? `http://127.0.0.1:${server.address().port}`;
console.log(`open: ${home}`);
