// A shop that takes M-PESA: an order, an STK push, a callback, paid.
//
// npm install kopokopo express
// k2 sandbox                # in another terminal: prints what to export here
// node shop.mjs
// curl -d '{"item": "coffee", "phoneNumber": "0712345678", "cartId": "17"}' -H content-type:application/json http://127.0.0.1:3000/orders

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import express from 'express';
import { InvalidRequestError, KopoKopo, KopoKopoError, OutcomeUnknownError } from 'kopokopo';
import { webhooks } from 'kopokopo/express';

const PRICES = { coffee: '250', mandazi: '40', samosa: '62.50' };
const TILL = process.env.SHOP_TILL ?? 'K000000';

const k2 = KopoKopo.fromEnv();

// A shop that is to survive a restart keeps these in its database. What belongs together (an order, the key of its money,
// the delivery that reported it) changes in one transaction.
const orders = new Map(); // status: new, asked, unknown, paid, failed, dispute
const carts = new Map(); // cart to order
const credited = new Map(); // paymentKey to order: money counts once
const deliveries = new Set(); // dedupeKey: a webhook may be delivered several times

const app = express();

// The result of a payment. Above express.json(): the signature covers the raw body.
app.post(
  '/k2/results',
  webhooks(k2.webhooks, ({ dedupeKey, id, payload, topic }) => {
    if (deliveries.has(dedupeKey)) return;
    console.log(`told: ${topic} ${id}`);
    if (payload.kind === 'incoming_payment') settle(payload.incomingPayment.metadata?.orderId, payload.incomingPayment);
    deliveries.add(dedupeKey); // at the end: if something fails before, the webhook is delivered again
  }),
);

app.use(express.json());

app.post('/orders', async (request, response) => {
  const { item, phoneNumber, cartId = randomUUID() } = request.body ?? {};
  if (!Object.hasOwn(PRICES, item)) return response.status(404).json({ error: `we sell ${Object.keys(PRICES)}` });
  // A double click sends the same cart twice. Two requests make two STK pushes, so the second gets the first one's order.
  if (carts.has(cartId)) return response.status(200).json(carts.get(cartId));
  // The order is saved before the customer is asked: whatever happens next, the callback finds it by its metadata.
  const order = { id: randomUUID(), item, price: PRICES[item], status: 'new', paymentId: null, note: null };
  orders.set(order.id, order);
  carts.set(cartId, order);
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
      // The customer may be looking at the PIN prompt. Another push could take the money twice, so there is none: the
      // callback has the order's id. If none comes, a person looks for the payment, as the note says.
      moveOn(order, 'unknown', ['new'], { note: error.detail });
      return response.status(201).json(order);
    }
    // Every other error means that the customer was not asked. The same cart can try again.
    moveOn(order, 'failed', ['new'], { note: error.detail });
    carts.delete(cartId);
    if (error instanceof InvalidRequestError) return response.status(422).json({ error: error.detail });
    return response.status(503).json({ error: 'M-PESA is out of reach. Nothing was taken: please order again later.' });
  }
  return response.status(201).json(order);
});

// The status of an order. If the callback is late or lost, Kopo Kopo is asked.
app.get('/orders/:id', async (request, response) => {
  const order = orders.get(request.params.id);
  if (!order) return response.status(404).json({ error: 'no such order' });
  if (order.status === 'asked') {
    try {
      settle(order.id, await k2.incomingPayments.get(order.paymentId, { timeout: 10_000 }));
    } catch (error) {
      if (!(error instanceof KopoKopoError)) throw error; // out of reach: the saved status is still true
    }
  }
  return response.json(order);
});

/** Moves an order on by its payment, which may be reported several times and in any order: paid stays paid. */
function settle(orderId, payment) {
  const order = orders.get(orderId);
  if (!order) return;
  if (payment.isPaid) {
    if (credited.has(payment.paymentKey)) return;
    const isEnough = payment.isPaidAtLeast({ amount: order.price, tillNumber: TILL });
    credited.set(payment.paymentKey, order.id);
    moveOn(order, isEnough ? 'paid' : 'dispute', ['new', 'asked', 'unknown', 'failed'], { paymentId: payment.id });
  } else if (payment.isFinal) {
    moveOn(order, 'failed', ['new', 'asked', 'unknown'], { paymentId: payment.id, note: payment.errors.join('; ') });
  }
}

/** Changes an order that has one of the statuses before. */
function moveOn(order, status, since, { paymentId = order.paymentId, note = null } = {}) {
  if (since.includes(order.status)) Object.assign(order, { status, paymentId, note });
}

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1');
await once(server, 'listening');
// Kopo Kopo reaches the shop here: https, except on loopback, where the sandbox delivers.
const home = process.env.SHOP_URL ?? `http://127.0.0.1:${server.address().port}`;
console.log(`open: ${home}`);
