import { TimeSeries } from "./time-series.js";

const secondsKept = 15 * 60;
const marksKept = 20;

/** What the stream has said: the last event, and of the last 15 minutes what is drawn. */
export class Observations {
  /** Recorded per second (`rate`) and the latencies in milliseconds (`p50`, `p95`, `p99`). */
  series = new TimeSeries(["rate", "p50", "p95", "p99"], secondsKept);

  /** Since when another process answers, or the same one started again: { second, label }. */
  marks = [];

  latest = null;
  receivedAt = null;

  /** @param {object} statistics numbers are text @param {number} now milliseconds since 1970 */
  take(statistics, now) {
    const { process } = statistics;
    if (process.recorder === undefined) {
      throw new Error("These statistics are of an earlier version.");
    }
    const second = Math.floor(now / 1000);
    const before = this.latest?.process;
    if (before && (before.name !== process.name || before.started !== process.started)) {
      this.marks = [...this.marks, { second, label: before.name === process.name ? "restarted" : process.name }].slice(-marksKept);
    }
    this.series.put(second, {
      rate: Number(process.recordedPerSecond),
      p50: numberOrNull(process.latencyMs.p50),
      p95: numberOrNull(process.latencyMs.p95),
      p99: numberOrNull(process.latencyMs.p99),
    });
    this.latest = statistics;
    this.receivedAt = now;
  }
}

/** A number that may be missing. */
export const numberOrNull = text => (text === null || text === undefined ? null : Number(text));

/** Events that are appended but not recorded, over all partitions that the process reads. */
export const totalLag = statistics => statistics.lag.reduce((sum, { lag }) => sum + Number(lag), 0);
