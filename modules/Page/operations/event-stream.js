const lineEnd = /\r\n|\r|\n/g;

// An event of ours has a few kilobytes. What never comes to an end is not a stream of events.
const longestPending = 1 << 20;

/**
 * Reads server-sent events as the HTML standard has them, from text that arrives in pieces cut anywhere. The browser's
 * own EventSource would do, if it could send a header with the API key.
 */
export class EventStreamParser {
  #onEvent;
  #rest = "";
  #data = [];
  #type = "";
  #isFirst = true;
  #endedOnReturn = false;

  /** @param {(event: { type: string, data: string }) => void} onEvent */
  constructor(onEvent) {
    this.#onEvent = onEvent;
  }

  /** @param {string} text the next piece */
  push(text) {
    if (this.#isFirst && text !== "") {
      this.#isFirst = false;
      text = text.replace(/^\uFEFF/, "");
    }
    // A \r at the end of the last piece ended its line; a \n that follows belongs to it.
    if (this.#endedOnReturn && text !== "") {
      this.#endedOnReturn = false;
      text = text.replace(/^\n/, "");
    }

    let start = 0;
    for (const end of text.matchAll(lineEnd)) {
      this.#line(this.#rest + text.slice(start, end.index));
      this.#rest = "";
      start = end.index + end[0].length;
    }
    this.#rest += text.slice(start);
    this.#endedOnReturn ||= text.endsWith("\r");
    if (this.#rest.length > longestPending) {
      throw new Error("what arrives is not a stream of events");
    }
  }

  #line(line) {
    if (line === "") {
      this.#dispatch();
      return;
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") {
      this.#data.push(value);
    } else if (field === "event") {
      this.#type = value;
    }
  }

  #dispatch() {
    if (this.#data.length > 0) {
      this.#onEvent({ type: this.#type || "message", data: this.#data.join("\n") });
    }
    this.#data = [];
    this.#type = "";
  }
}
