/// <reference lib="esnext.disposable" />
// `kopokopo/testing`: the Kopo Kopo API on this machine, for tests.

import type { AmountLike, KopoKopo } from '..';
import type { Controls, Delivery, Pace, RecordedRequest } from './controls';

export type {
  Attempt,
  CustomerAction,
  Delivery,
  Failure,
  Fault,
  FaultKind,
  Health,
  Magic,
  Now,
  Operations,
  Pace,
  PaymentKind,
  PaymentLinkShape,
  Pending,
  PendingDelivery,
  PendingStep,
  RecordedRequest,
  ReversalType,
  Rule,
  Rules,
  Settings,
  State,
  Till,
  TillData,
  Transaction,
  TransactionData,
  Triggered,
  WaitingRequest,
} from './controls';

/** The options of `startSandbox`. */
export interface SandboxOptions {
  /** The path of `k2`. The default is K2_SANDBOX_BIN, the package `kopokopo-sandbox`, or `k2` of the PATH. */
  readonly binary?: string | undefined;
  /** How fast the simulation runs without control calls. The default is `instant`. */
  readonly pace?: Pace | undefined;
  /** The port. The default is any free port. */
  readonly port?: number | undefined;
  /** Tills in addition to the documented ones, and their balances. */
  readonly tills?: Readonly<Record<string, AmountLike>> | undefined;
  /** Makes ids and references repeatable. */
  readonly seed?: number | undefined;
  /** Whether callbacks go to other machines too. */
  readonly allowRemoteCallbacks?: boolean | undefined;
}

/** The sandbox did not start, has ended, or refused a call of its control API. */
export class SandboxError extends Error {}

/** `k2 sandbox` in a process of its own, which ends with this process. */
export interface Sandbox extends Controls, AsyncDisposable {
  /** The address, such as `http://127.0.0.1:41234`. */
  readonly baseUrl: string;
  /** The client id that it accepts. */
  readonly clientId: string;
  /** The client secret that it accepts. */
  readonly clientSecret: string;
  /** The key that it signs webhooks with. */
  readonly apiKey: string;
  /** The options of a client: `new KopoKopo(sandbox.credentials)`. */
  readonly credentials: { readonly baseUrl: string; readonly clientId: string; readonly clientSecret: string; readonly apiKey: string };
  /** The environment variables that `KopoKopo.fromEnv()` reads. */
  readonly env: Readonly<Record<string, string>>;
  /** Returns a new client of the sandbox. The options are those of `KopoKopo`. */
  client(options?: Partial<ConstructorParameters<typeof KopoKopo>[0]>): KopoKopo;
  /** Waits until a request of an operation has arrived, such as `incoming_payments.create`. Returns the first one. */
  waitForRequest(operation: string, options?: { readonly timeout?: number | undefined }): Promise<RecordedRequest>;
  /** Waits until a callback or webhook of a topic was received with 2xx, or is withheld. Returns the first one. */
  waitForDelivery(topic: string, options?: { readonly timeout?: number | undefined }): Promise<Delivery>;
  /**
   * Sends a request without a token. Repeats it while the port is closed by a fault, up to 10 seconds.
   * @throws `SandboxError` if there is no response.
   */
  request(method: string, path: string, body?: unknown): Promise<{ readonly status: number; readonly body: any }>;
  /** Stops it. */
  close(): Promise<void>;
}

/**
 * Starts a sandbox on a free port, with new credentials. It stops with `close`, at the end of `await using`, and if this
 * process ends or is killed.
 * @throws `SandboxError` if the program is not installed, or does not start.
 */
export function startSandbox(options?: SandboxOptions): Promise<Sandbox>;

/**
 * Returns the path of `k2`.
 * @throws `SandboxError` if it is not installed.
 */
export function findBinary(binary?: string): string;
