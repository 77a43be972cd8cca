'use strict';
// The snapshots of a resource: `for await (const payment of push.watch()) ...`. The core decides when to poll, which
// errors are transient, and when the watch ends. This class only waits between the polls.

const { setTimeout: sleep } = require('node:timers/promises');
const { call, notFinal, read } = require('./call');

class Watch {
  #native;
  #take;
  #resource;
  #signal;
  #stop = new AbortController();
  #previous = Promise.resolve();
  #abort = () => this.#stop.abort();

  constructor(native, take, signal, resource) {
    this.#native = native;
    this.#take = take;
    this.#signal = signal;
    this.#resource = resource;
    if (signal?.aborted) this.#abort();
    else signal?.addEventListener('abort', this.#abort, { once: true });
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  /** Returns a promise of the next snapshot. Concurrent calls run one after the other. */
  next() {
    const next = this.#previous.then(() => this.#advance());
    this.#previous = next.catch(() => {});
    return next;
  }

  /** Ends the watch immediately, even during a poll. The resource does not change. */
  async return(value) {
    this.#end();
    return { done: true, value };
  }

  async #advance() {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const pause = read(this.#native.ask('pause', '{}'), (decoder) => (decoder.isAbsent() ? null : decoder.number()));
      if (pause === null) break;
      if (pause > 0) await sleep(pause * 1000, undefined, { signal }).catch(() => {});
      if (signal.aborted) break;
      const snapshot = await this.#poll(signal);
      if (snapshot) return { done: false, value: snapshot };
    }
    const aborted = this.#signal?.aborted ? this.#signal : undefined;
    this.#end();
    if (aborted) throw notFinal(aborted, this.#resource);
    return { done: true, value: undefined };
  }

  async #poll(signal) {
    try {
      return read(await call(this.#native, 'poll', '{}', signal), this.#take);
    } catch (error) {
      if (signal.aborted) return null;
      this.#end();
      throw error;
    }
  }

  #end() {
    this.#signal?.removeEventListener('abort', this.#abort);
    this.#signal = undefined;
    this.#stop.abort();
  }
}

module.exports = { Watch };
