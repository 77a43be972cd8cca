// What `kopokopo/edge` has, whatever the runtime: the package's own classes, and the verifier over WebAssembly.

import amounts from '../lib/amounts.js';
import answers from '../lib/answer.js';
import given from '../lib/arguments.js';
import bodies from '../lib/bytes.js';
import errors from '../lib/errors.js';
import record from '../lib/record.js';
import records from '../lib/records.js';
import fetchAdapter from '../webhooks/fetch.js';
import { call, callFunction, textOf } from './engine.mjs';

const { bytes, header, text } = bodies;
const { again, configure, write } = given;
const { read } = answers;

export class WebhookVerifier {
  #options;

  constructor(options) {
    this.#options = configure(options);
    this.maxBody = read(call('check_verifier', this.#options), (row) => row.number());
  }

  verify(body, signature) {
    const raw = bytes(body);
    const answer = call('verify', this.#options, raw, header(signature));
    return read(answer, (row) => new records.Event(row), textOf(raw));
  }

  verifySignature(body, signature) {
    const raw = bytes(body);
    read(call('verify_signature', this.#options, raw, header(signature)));
  }

  parseUnverified(body) {
    const raw = bytes(body);
    return read(call('parse_unverified', raw), (row) => new records.Event(row), textOf(raw));
  }
}

export const version = () => callFunction('version', '{}', (row) => row.text());

export const contractHash = () => callFunction('contract_hash', '{}', (row) => row.text());

export const hashPhone = (phoneNumber) => callFunction('hash_phone', write({ phoneNumber }), (row) => row.text());

export const signWebhook = (apiKey, body) => {
  const raw = bytes(body);
  return read(call('sign_webhook', text(apiKey, 'apiKey'), raw), (row) => row.text());
};

export const disbursementsTo = (sendMoney, recipient) =>
  callFunction('disbursements_to', write({ sendMoney: again(sendMoney, 'sendMoney'), recipient }), (row) =>
    row.list((item) => new records.Disbursement(item)),
  );

export const { verify, webhooks } = fetchAdapter.adapter(
  'kopokopo/edge',
  'call `await verify(verifier, request)` in place of request.json(), or handle the request with `webhooks(verifier, handler)`',
);

export const { amountsEqual, compareAmounts } = amounts;

export const { redact } = record;

/** Under a name that browsers' own types do not have. */
export const WebhookEvent = records.Event;

export const {
  KopoKopoError,
  ConfigurationError,
  InvalidRequestError,
  ConnectionError,
  TimeoutError,
  AuthenticationError,
  PermissionError,
  NotFoundError,
  RateLimitError,
  ApiError,
  NotFinalError,
  OutcomeUnknownError,
  SignatureError,
  DecodeError,
  InternalError,
} = errors;

export const {
  IncomingPayment,
  SendMoney,
  SendMoneyDestination,
  TransferBatch,
  Disbursement,
  Polling,
  PolledTransaction,
  SmsNotification,
  Reversal,
  ReversalBulkPayment,
  PaymentLink,
  Payment,
  PaymentAmount,
  SettlementTransfer,
  Event,
  Transaction,
  CardTransaction,
  Customer,
  Settlement,
  SettlementDestination,
  DarajaTransaction,
  Links,
} = records;
