// A shop that accepts M-PESA: an order, an STK push, a callback, a paid order.
//
// npm install kopokopo express
// k2 sandbox                # in another terminal: prints the variables to export here
// node shop.mjs
// curl -H content-type:application/json http://127.0.0.1:3000/orders \
//   -d '{"item": "coffee", "phoneNumber": "0712345678", "cartId": "17"}'

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import express from 'express';
import { InvalidRequestError, KopoKopo, KopoKopoError, OutcomeUnknownError } from 'kopokopo';
import { webhooks } from 'kopokopo/express';

const PRICES = { coffee: '250', mandazi: '40', samosa: '62.50' };
const TILL = process.env.SHOP_TILL ?? 'K000000';

const k2 = KopoKopo.fromEnv();

// In production, keep these in a database. Change an order, its payment key and its delivery key in one transaction.
const orders = new Map(); // status: new, pending, unknown, paid, failed, dispute
const carts = new Map(); // cart id to order
const credited = new Map(); // paymentKey to order id: each payment counts once
const deliveries = new Set(); // dedupeKey: a webhook may be delivered several times

const app = express();

// The result of a payment. Above express.json(): the signature covers the raw body.
app.post(
  '/k2/results',
  webhooks(k2.webhooks, ({ dedupeKey, id, payload, topic }) => {
    if (deliveries.has(dedupeKey)) return;
    console.log(`event: ${topic} ${id}`);
    if (payload.kind === 'incoming_payment') applyPayment(payload.incomingPayment.metadata?.orderId, payload.incomingPayment);
    deliveries.add(dedupeKey); // last: if the code above fails, the webhook is delivered again
  }),
);

app.use(express.json());

app.post('/orders', async (request, response) => {
  const { item, phoneNumber, cartId = randomUUID() } = request.body ?? {};
  if (!Object.hasOwn(PRICES, item)) return response.status(404).json({ error: `item: expected one of: ${Object.keys(PRICES).join(', ')}` });
  // A double click sends the same cart twice. Two creates are two STK pushes, so the second request gets the first
  // order.
  if (carts.has(cartId)) return response.status(200).json(carts.get(cartId));
  // Save the order before the create. The callback has the order's id in its metadata, whatever happens after this.
  const order = { id: randomUUID(), item, price: PRICES[item], status: 'new', paymentId: null, note: null };
  orders.set(order.id, order);
  carts.set(cartId, order);
  try {
    const push = await k2.incomingPayments.create({
      tillNumber: TILL,
      phoneNumber,
      amount: order.price,
      callbackUrl: `${baseUrl}/k2/results`,
      metadata: { orderId: order.id },
    });
    setStatus(order, 'pending', ['new'], { paymentId: push.id }); // unless the callback was faster
  } catch (error) {
    if (!(error instanceof KopoKopoError)) throw error;
    if (error instanceof OutcomeUnknownError) {
      // The customer may have the PIN prompt. A second push could take the money twice, so do not create again: the
      // callback has the order's id. If no callback arrives, a person must look for the payment, as the note says.
      setStatus(order, 'unknown', ['new'], { note: error.detail });
      return response.status(201).json(order);
    }
    // After every other error, no push was sent. The same cart can try again.
    setStatus(order, 'failed', ['new'], { note: error.detail });
    carts.delete(cartId);
    if (error instanceof InvalidRequestError) return response.status(422).json({ error: error.detail });
    return response.status(503).json({ error: 'M-PESA is not available. You were not charged: please order again later.' });
  }
  return response.status(201).json(order);
});

// The status of an order. If the callback is late or lost, this fetches the payment.
app.get('/orders/:id', async (request, response) => {
  const order = orders.get(request.params.id);
  if (!order) return response.status(404).json({ error: 'order not found' });
  if (order.status === 'pending') {
    try {
      applyPayment(order.id, await k2.incomingPayments.get(order.paymentId, { timeout: 10_000 }));
    } catch (error) {
      if (!(error instanceof KopoKopoError)) throw error; // Kopo Kopo is not available: return the saved status
    }
  }
  return response.json(order);
});

/** Updates an order from its payment. Reports may be repeated and in any order: a paid order stays paid. */
function applyPayment(orderId, payment) {
  const order = orders.get(orderId);
  if (!order) return;
  if (payment.isPaid) {
    if (credited.has(payment.paymentKey)) return;
    const isEnough = payment.isPaidAtLeast({ amount: order.price, tillNumber: TILL });
    credited.set(payment.paymentKey, order.id);
    setStatus(order, isEnough ? 'paid' : 'dispute', ['new', 'pending', 'unknown', 'failed'], { paymentId: payment.id });
  } else if (payment.isFinal) {
    setStatus(order, 'failed', ['new', 'pending', 'unknown'], { paymentId: payment.id, note: payment.errors.join('; ') });
  }
}

/** Sets the status of an order whose current status is one of `from`. */
function setStatus(order, status, from, { paymentId = order.paymentId, note = null } = {}) {
  if (from.includes(order.status)) Object.assign(order, { status, paymentId, note });
}

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1');
await once(server, 'listening');
// The URL at which Kopo Kopo reaches the shop: https, except for the sandbox on loopback.
const baseUrl = process.env.SHOP_URL ?? `http://127.0.0.1:${server.address().port}`;
console.log(`listening: ${baseUrl}`);
