// Uses of the declarations, without the types of Node and of browsers.

import {
  CreatedIncomingPayment,
  KopoKopo,
  KopoKopoError,
  NotFoundError,
  OutcomeUnknownError,
  type WebhookEvent,
  WebhookVerifier,
  amountsEqual,
  compareAmounts,
  disbursementsTo,
  hashPhone,
  redact,
  signWebhook,
  type Destination,
  type Event,
  type IncomingPayment,
  type IncomingPaymentStatus,
  type SendMoney,
} from 'kopokopo';

const k2 = new KopoKopo({ clientId: 'a', clientSecret: 'b', apiKey: 'c', environment: 'sandbox', timeout: 10_000 });
const source = KopoKopo.withTokenSource(async () => ({ token: 't', expiresIn: 3600 }), { environment: 'production' });
const textSource = KopoKopo.withTokenSource(() => 't');
export const clients: KopoKopo[] = [k2, source, textSource, k2.withOptions({ maxRetries: 0 })];

class Decimal {
  constructor(private readonly text: string) {}
  toJSON(): string {
    return this.text;
  }
}

class Signal {
  readonly aborted = false;
  readonly reason: unknown;
  addEventListener(_type: 'abort', _listener: () => void): void {}
  removeEventListener(_type: 'abort', _listener: () => void): void {}
}

export async function pay(customer: { email?: string }): Promise<IncomingPayment> {
  const push = await k2.incomingPayments.create(
    {
      tillNumber: 'K000000',
      phoneNumber: '0712345678',
      amount: 10n,
      callbackUrl: 'https://shop.example',
      metadata: { order: 7, gift: true },
      email: customer.email,
    },
    { signal: new Signal() },
  );
  const id: string = push.id;
  const payment = await push.wait({ timeout: 60_000, signal: new Signal() });
  const amount: string | null | undefined = payment.transaction?.amount;
  const when: Date | null = payment.initiationTime;
  const status: IncomingPaymentStatus = payment.status;
  const known: boolean = status === 'Success' || status === 'a status of the future';
  void [id, amount, when, known, payment.errors.map((error) => error.length)];
  return payment;
}

export async function send(): Promise<SendMoney> {
  const destinations: Destination[] = [
    { type: 'mobile_wallet', phoneNumber: '0712345678', amount: '10', description: 'd', network: 'Safaricom' },
    { type: 'till', tillNumber: '1', amount: new Decimal('10'), description: 'd' },
  ];
  const created = await k2.sendMoney.create({ destinations, callbackUrl: 'https://shop.example' });
  const sent = await created.get();
  for (const { status, errors } of disbursementsTo(sent, '0712345678')) void [status === 'Transferred', errors];
  const { transactions } = await k2.polling
    .create({ scope: 'company', fromTime: new Date(0), toTime: '2026-05-01T10:43:20+03:00', callbackUrl: 'https://shop.example' })
    .then((request) => request.wait());
  void transactions[0]?.transaction.amount;
  await k2.paymentLinks.cancel('1', { signal: null });
  return sent;
}

export async function follow(id: string): Promise<boolean> {
  for await (const payment of k2.incomingPayments.watch(id, { interval: 500, signal: new Signal() })) {
    if (payment.isPaidAtLeast({ amount: new Decimal('10'), currency: 'KES', tillNumber: null })) return true;
  }
  const link = await k2.paymentLinks.wait(id, { timeout: 1000 });
  return link.isPaidAtLeast({ amount: 10 }) && amountsEqual(link.amount ?? 0n, '10.00') && compareAmounts('1', 2n) < 0;
}

export function logged(payment: IncomingPayment, event: WebhookEvent): [IncomingPayment, Event] {
  return [redact(payment), redact(event)];
}

export function describe(event: Event): string {
  switch (event.payload.kind) {
    case 'incoming_payment':
      return event.payload.incomingPayment.id;
    case 'buygoods_transaction_received':
    case 'buygoods_transaction_reversed':
      return event.payload.transaction.reference ?? '';
    case 'unknown':
      return event.raw;
    default:
      return event.topic;
  }
}

export function receive(body: Uint8Array, signature: string | undefined): string {
  const verifier = new WebhookVerifier({ apiKeys: ['a', 'b'], maxBody: 1000 });
  verifier.verifySignature(body, signature);
  void [signWebhook('a', body), hashPhone('0712345678'), verifier.maxBody.toFixed()];
  return describe(verifier.verify(body, null));
}

export function explain(error: unknown): string {
  if (error instanceof OutcomeUnknownError) {
    const kind: 'outcome_unknown' = error.kind;
    return kind + error.detail;
  }
  if (error instanceof NotFoundError) return String(error.status);
  if (error instanceof KopoKopoError) return [error.kind, error.serverCode, error.field, error.retryAfter, ...error.messages].join();
  return String(error);
}

// @ts-expect-error a required field is missing
void k2.incomingPayments.create({ tillNumber: 'K000000', phoneNumber: '1', amount: '1' });
void k2.incomingPayments.get('1', { timeout: 1000, maxRetries: 0, signal: new Signal() });
// @ts-expect-error unknown field
void k2.incomingPayments.get('1', { timeOut: 1 });
// @ts-expect-error the signal must be a field of the options
void k2.incomingPayments.get('1', new Signal());
// @ts-expect-error methods of a handle take no limits
void k2.incomingPayments.create({} as never).then((push) => push.get({ timeout: 1 }));
// @ts-expect-error fields of another kind of destination
export const wrong: Destination = { type: 'till', phoneNumber: '1', amount: 1, description: 'd' };
// @ts-expect-error handles have no public constructor
void new CreatedIncomingPayment();
// @ts-expect-error fields of records are read-only
void ((payment: IncomingPayment) => (payment.id = ''));
