'use strict';
// The states of a resource, one after the other: `for await (const payment of push.watch()) ...`. When to poll, what is
// transient and when it ends is decided by the core. This only waits in between.

const { setTimeout: sleep } = require('node:timers/promises');
const { call, notFinal, read } = require('./call');

class Watch {
  #native;
  #take;
  #resource;
  #signal;
  #stop = new AbortController();
  #last = Promise.resolve();
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

  /** The next state. Two at a time come one after the other. */
  next() {
    const next = this.#last.then(() => this.#advance());
    this.#last = next.catch(() => {});
    return next;
  }

  /** Ends the watch at once, also in the middle of a poll. The resource is not touched. */
  async return(value) {
    this.#end();
    return { done: true, value };
  }

  async #advance() {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const pause = read(this.#native.ask('pause', '{}'), (row) => (row.isAbsent() ? null : row.number()));
      if (pause === null) break;
      if (pause > 0) await sleep(pause * 1000, undefined, { signal }).catch(() => {});
      if (signal.aborted) break;
      const state = await this.#poll(signal);
      if (state) return { done: false, value: state };
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
