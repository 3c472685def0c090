/**
 * Values by second, for as many seconds as it was made for. It never grows: a second that comes takes the place of the
 * one that is long gone, and of several values in a second the last one stays.
 */
export class TimeSeries {
  #capacity;
  #seconds;
  #values;

  /** @param {string[]} names what is measured @param {number} capacity how many seconds are kept */
  constructor(names, capacity) {
    this.#capacity = capacity;
    this.#seconds = new Float64Array(capacity).fill(-1);
    this.#values = new Map(names.map(name => [name, new Float64Array(capacity)]));
  }

  /** @param {number} second seconds since 1970 @param {Record<string, number | null>} values null: there is none */
  put(second, values) {
    const slot = second % this.#capacity;
    this.#seconds[slot] = second;
    for (const [name, column] of this.#values) {
      column[slot] = values[name] ?? NaN;
    }
  }

  /** Whether anything is known of a second. */
  has(second) {
    return this.#seconds[second % this.#capacity] === second;
  }

  /** A value; NaN when there is none. */
  at(second, name) {
    return this.has(second) ? this.#values.get(name)[second % this.#capacity] : NaN;
  }

  /** The first second from `from` to `to` of which something is known; null when there is none. */
  first(from, to) {
    for (let second = from; second <= to; second++) {
      if (this.has(second)) {
        return second;
      }
    }
    return null;
  }

  /** Lowest, mean and highest from `from` to `to`, both included; null when there are no values. */
  summarize(name, from, to) {
    let [count, sum, lowest, highest] = [0, 0, Infinity, -Infinity];
    for (let second = from; second <= to; second++) {
      const value = this.at(second, name);
      if (!Number.isNaN(value)) {
        count++;
        sum += value;
        lowest = Math.min(lowest, value);
        highest = Math.max(highest, value);
      }
    }
    return count === 0 ? null : { lowest, mean: sum / count, highest };
  }
}
