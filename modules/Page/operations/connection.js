import { Refusal } from "../shared/api.js";
import { EventStreamParser } from "./event-stream.js";

const firstDelayMs = 1_000;
const longestDelayMs = 15_000;
// One event a second is promised. A line that is silent for so long is dead, even if nobody said so.
const longestSilenceMs = 10_000;

/**
 * Listens to a stream of events, and again whenever it breaks off. Fires "change".
 *
 *   connecting ──► live ──► waiting (until `retryAt`, ever longer) ──► connecting …
 *        └───────► locked   the API key is missing or wrong: waits for `retry`
 *
 * `trouble` is what ended the last attempt, in words; null while all is well.
 */
export class Connection extends EventTarget {
  state = "connecting";
  retryAt = null;
  trouble = null;

  #open;
  #onData;
  #failures = 0;
  #wake = () => {};
  #abort = null;

  /**
   * @param {(signal: AbortSignal) => Promise<Response>} open asks for the stream
   * @param {(data: string) => void} onData gets the data of each event
   */
  constructor(open, onData) {
    super();
    this.#open = open;
    this.#onData = onData;
    window.addEventListener("online", () => this.#hurry());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#hurry());
  }

  /** Listens for as long as the page lives. */
  async start() {
    for (;;) {
      this.#become("connecting", { retryAt: null });
      try {
        await this.#listen();
        this.trouble = "The server ended the stream.";
      } catch (error) {
        this.trouble = error.message;
        if (error instanceof Refusal && error.status === 401) {
          await this.#wait("locked", null);
          continue;
        }
        await this.#wait("waiting", this.#delay(error.retryAfter));
        continue;
      }
      await this.#wait("waiting", this.#delay());
    }
  }

  /** Tries again now, when it waits. */
  retry() {
    this.#wake();
  }

  /** Hangs up and asks anew, because something about the asking has changed. */
  restart() {
    this.#abort?.abort(new Error("Asked anew."));
    this.retry();
  }

  #hurry() {
    if (this.state === "waiting") {
      this.#wake();
    }
  }

  async #listen() {
    const abort = this.#abort = new AbortController();
    let heardAt = performance.now();
    const watchdog = setInterval(() => {
      if (performance.now() - heardAt > longestSilenceMs) {
        abort.abort(new Error(`Nothing was heard for ${longestSilenceMs / 1000} s.`));
      }
    }, 1_000);

    try {
      const response = await this.#open(abort.signal);
      const pieces = response.body.getReader();
      const decoder = new TextDecoder();
      const parser = new EventStreamParser(event => this.#take(event));
      for (;;) {
        const { done, value } = await pieces.read();
        if (done) {
          return;
        }
        heardAt = performance.now();
        parser.push(decoder.decode(value, { stream: true }));
      }
    } catch (error) {
      throw abort.signal.aborted ? abort.signal.reason : error;
    } finally {
      clearInterval(watchdog);
      abort.abort(); // or a stream that is no stream would go on
    }
  }

  #take({ type, data }) {
    if (type !== "message") {
      return;
    }
    if (this.state !== "live") {
      this.#failures = 0;
      this.#become("live", { trouble: null });
    }
    this.#onData(data);
  }

  #delay(leastSeconds = 0) {
    const backoff = Math.min(longestDelayMs, firstDelayMs * 2 ** this.#failures++);
    // Not all at once: the viewers of a server that comes back would knock it over.
    return Math.max(backoff * (0.75 + Math.random() / 2), (leastSeconds ?? 0) * 1000);
  }

  async #wait(state, delayMs) {
    let timer;
    await new Promise(resolve => {
      this.#wake = resolve;
      if (delayMs !== null) {
        timer = setTimeout(resolve, delayMs);
      }
      this.#become(state, { retryAt: delayMs === null ? null : performance.now() + delayMs });
    });
    clearTimeout(timer);
    this.#wake = () => {};
  }

  #become(state, changes) {
    Object.assign(this, { state, ...changes });
    this.dispatchEvent(new Event("change"));
  }
}
