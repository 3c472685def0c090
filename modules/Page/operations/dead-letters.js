import { readDeadLetters } from "./api.js";

const pageSizes = [50, 200, 1000];
// Where dead letters pour in, the list is asked for this often; nothing is asked while their number stays the same.
const shortestIntervalMs = 2_000;
const intervalAfterTroubleMs = 10_000;

/**
 * Dead letters: the newest, or as many from an older one on. The stream says how many there are; the list is asked for when
 * that changes, and only while somebody looks. Fires "change".
 *
 * `total` is how many there are (null: unknown), `trouble` what went wrong with asking, in words (null: nothing).
 */
export class DeadLetters extends EventTarget {
  letters = [];
  total = null;
  trouble = null;

  #limit = pageSizes[0];
  #before = null;
  #next = null;
  #shownTotal = null;
  #isAsking = false;
  #notBefore = 0;

  /** What the stream said about how many there are; null: it doesn't know. */
  note(total) {
    if (total !== this.total) {
      this.total = total;
      this.#changed();
    }
    if (total !== null && total !== this.#shownTotal) {
      this.#refresh(total);
    }
  }

  /** Whether there are more than are shown, and this list can show at a time. */
  get canShowMore() {
    return this.#next !== null && this.#limit < pageSizes.at(-1);
  }

  /** Whether there are older ones than the list can show at a time. */
  get canShowOlder() {
    return this.#next !== null && !this.canShowMore;
  }

  get areNewest() {
    return this.#before === null;
  }

  showMore() {
    this.#limit = pageSizes.find(size => size > this.#limit) ?? this.#limit;
    return this.#show(this.#before);
  }

  showOlder() {
    return this.#show(this.#next);
  }

  showNewest() {
    return this.#show(null);
  }

  /** One was replayed or dropped. */
  remove(id) {
    this.letters = this.letters.filter(letter => letter.id !== id);
    this.total &&= this.total - 1; // the stream will say so too
    this.#shownTotal = null;
    this.#changed();
  }

  #show(before) {
    this.#before = before;
    this.#shownTotal = null;
    this.#notBefore = 0;
    return this.#refresh(this.total);
  }

  async #refresh(total) {
    if (this.#isAsking || performance.now() < this.#notBefore || document.visibilityState === "hidden") {
      return; // the next event of the stream asks again
    }
    this.#isAsking = true;
    const [limit, before] = [this.#limit, this.#before];
    try {
      const page = total === 0 ? { letters: [], next: null } : await readDeadLetters(limit, before);
      this.letters = page.letters;
      this.#next = page.next;
      this.#shownTotal = total;
      this.trouble = null;
      this.#notBefore = performance.now() + shortestIntervalMs;
    } catch (error) {
      this.trouble = error.message;
      this.#notBefore = performance.now() + intervalAfterTroubleMs;
    }
    this.#isAsking = false;
    if (limit !== this.#limit || before !== this.#before) {
      await this.#show(this.#before); // others were asked for meanwhile
    } else if (this.letters.length === 0 && before !== null) {
      await this.#show(null); // all of the older ones are gone
    }
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
