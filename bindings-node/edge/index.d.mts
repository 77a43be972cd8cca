// Webhooks in Cloudflare Workers, Vercel's Edge runtime and Deno: the types of the package, without the client.

export {
  // The verifier and related functions.
  WebhookVerifier,
  amountsEqual,
  compareAmounts,
  contractHash,
  disbursementsTo,
  hashPhone,
  redact,
  signWebhook,
  version,
  // The content of events.
  CardTransaction,
  Customer,
  DarajaTransaction,
  Disbursement,
  Event,
  IncomingPayment,
  Links,
  Payment,
  PaymentAmount,
  PaymentLink,
  PolledTransaction,
  Polling,
  Reversal,
  ReversalBulkPayment,
  SendMoney,
  SendMoneyDestination,
  Settlement,
  SettlementDestination,
  SettlementTransfer,
  SmsNotification,
  Transaction,
  TransferBatch,
  WebhookEvent,
  // Errors.
  ApiError,
  AuthenticationError,
  ConfigurationError,
  ConnectionError,
  DecodeError,
  InternalError,
  InvalidRequestError,
  KopoKopoError,
  NotFinalError,
  NotFoundError,
  OutcomeUnknownError,
  PermissionError,
  RateLimitError,
  SignatureError,
  TimeoutError,
} from '../index.js';

export type {
  AmountLike,
  ErrorFields,
  ErrorKind,
  EventPayload,
  ExpectedPayment,
  IncomingPaymentStatus,
  Metadata,
  PaymentLinkStatus,
  RawBody,
  RecipientType,
  RequestStatus,
  TransactionStatus,
  TransferStatus,
} from '../index.js';

export type { WebhookOptions } from '../webhooks/request.js';

export { verify, webhooks, type WebRequest, type WebResponse } from '../webhooks/next.js';
