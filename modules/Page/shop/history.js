import { readHistory, readSummary } from "./api.js";

const pageSize = 20;
const longestPage = 1_000;
// A page that is kept open does not grow: beyond this, the list starts over.
const mostEntries = 300;

/**
 * The recorded purchases of one customer, newest first, as far as they were asked for. Fires "change".
 *
 * `next` is the cursor of what is older (null: nothing is), `startsAtNewest` is false once the newest were let go of
 * in favour of older ones, `trouble` is the last error of asking (null: all is well).
 */
export class History extends EventTarget {
  userid = null;
  entries = [];
  next = null;
  startsAtNewest = true;
  loaded = false;
  summary = null;
  trouble = null;

  #summaryIsStale = true;

  /** Starts over with a customer. */
  async open(userid) {
    Object.assign(this, { userid, entries: [], next: null, startsAtNewest: true, loaded: false, summary: null, trouble: null });
    this.#changed();
    await this.refresh();
  }

  /**
   * Asks for the newest purchases.
   * @param {number} expected how many may be new
   */
  async refresh(expected = 0) {
    const page = await this.#ask(userid => readHistory(userid, pageSize + expected));
    if (!page) {
      return;
    }
    this.#take(page);
    this.loaded = true;
    this.#changed();
    if (this.#summaryIsStale) {
      await this.#refreshSummary();
    }
  }

  /** Whether asking again by itself makes sense. */
  get isWorthRetrying() {
    return this.trouble?.isTemporary ?? false;
  }

  /** The ids of a customer's newest purchases, many more of them than are shown. */
  async readIds() {
    const page = await this.#ask(userid => readHistory(userid, longestPage));
    return new Set(page?.purchases.map(purchase => purchase.id));
  }

  /** Shows the page after the last. Resolves to its purchases; to none when it could not be had. */
  async showOlder() {
    const cursor = this.next;
    const page = cursor && await this.#ask(userid => readHistory(userid, pageSize, cursor));
    if (!page || this.next !== cursor) {
      return [];
    }
    const older = this.#unknown(page.purchases);
    if (this.entries.length + older.length > mostEntries) {
      this.entries = older;
      this.startsAtNewest = false;
    } else {
      this.entries = [...this.entries, ...older];
    }
    this.next = page.next;
    this.#changed();
    return older;
  }

  async #refreshSummary() {
    const summary = await this.#ask(readSummary);
    if (summary) {
      this.summary = summary;
      this.#summaryIsStale = false;
      this.#changed();
    }
  }

  #take({ purchases, next }) {
    const fresh = this.#unknown(purchases);
    this.#summaryIsStale ||= fresh.length > 0 || !this.loaded;
    const connects = this.startsAtNewest && fresh.length < purchases.length;
    if (connects && this.entries.length + fresh.length <= mostEntries) {
      // In order even where two answers overtook each other.
      this.entries = [...fresh, ...this.entries].sort((a, b) => b.timestamp - a.timestamp);
    } else {
      Object.assign(this, { entries: purchases, next, startsAtNewest: true });
    }
  }

  #unknown(purchases) {
    const known = new Set(this.entries.map(entry => entry.id));
    return purchases.filter(purchase => !known.has(purchase.id));
  }

  // An answer for a customer who has been changed meanwhile is nobody's.
  async #ask(question) {
    const userid = this.userid;
    let answer = null;
    let trouble = null;
    try {
      answer = await question(userid);
    } catch (error) {
      trouble = error;
    }
    if (userid !== this.userid) {
      return null;
    }
    if (trouble || this.trouble) {
      this.trouble = trouble;
      this.#changed();
    }
    return answer;
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
