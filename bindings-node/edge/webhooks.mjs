// The exports of `kopokopo/edge` in every runtime: the classes of the package, and a verifier that uses WebAssembly.

import amounts from '../lib/amounts.js';
import argumentEncoding from '../lib/arguments.js';
import bodies from '../lib/bytes.js';
import errors from '../lib/errors.js';
import record from '../lib/record.js';
import records from '../lib/records.js';
import results from '../lib/result.js';
import fetchAdapter from '../webhooks/fetch.js';
import { call, callFunction, textOf } from './engine.mjs';

const { bytes, header, text } = bodies;
const { configure, rawTextOf, write } = argumentEncoding;
const { read } = results;

export class WebhookVerifier {
  #options;

  constructor(options) {
    this.#options = configure(options);
    this.maxBody = read(call('check_verifier', this.#options), (decoder) => decoder.number());
  }

  verify(body, signature) {
    const raw = bytes(body);
    const result = call('verify', this.#options, raw, header(signature));
    return read(result, (decoder) => new records.Event(decoder), textOf(raw));
  }

  verifySignature(body, signature) {
    const raw = bytes(body);
    read(call('verify_signature', this.#options, raw, header(signature)));
  }

  parseUnverified(body) {
    const raw = bytes(body);
    return read(call('parse_unverified', raw), (decoder) => new records.Event(decoder), textOf(raw));
  }
}

export const version = () => callFunction('version', '{}', (decoder) => decoder.text());

export const contractHash = () => callFunction('contract_hash', '{}', (decoder) => decoder.text());

export const hashPhone = (phoneNumber) => callFunction('hash_phone', write({ phoneNumber }), (decoder) => decoder.text());

export const signWebhook = (apiKey, body) => {
  const raw = bytes(body);
  return read(call('sign_webhook', text(apiKey, 'apiKey'), raw), (decoder) => decoder.text());
};

export const disbursementsTo = (sendMoney, recipient) =>
  callFunction('disbursements_to', write({ sendMoney: rawTextOf(sendMoney, 'sendMoney'), recipient }), (decoder) =>
    decoder.list((item) => new records.Disbursement(item)),
  );

export const { verify, webhooks } = fetchAdapter.adapter(
  'kopokopo/edge',
  'call `await verify(verifier, request)` instead of request.json(), or handle the request with `webhooks(verifier, handler)`',
);

export const { amountsEqual, compareAmounts } = amounts;

export const { redact } = record;

/** `Event` under a name that browsers' types do not have. */
export const WebhookEvent = records.Event;

export const {
  JournalError,
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
  InProgressError,
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
