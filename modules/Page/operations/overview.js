import { setText } from "../shared/dom.js";
import { counted, formatCount, formatDuration, formatLatency, formatTime } from "./format.js";
import { numberOrNull, totalLag } from "./observations.js";

const unknown = "unknown";

/** The tiles of figures, and which process they are from. */
export class Overview {
  #root;

  /** @param {ParentNode} root holds the elements named below */
  constructor(root) {
    this.#root = root;
  }

  show({ recorded, deadLetters, process, lag }, now) {
    const latency = Object.fromEntries(Object.entries(process.latencyMs).map(([name, text]) => [name, numberOrNull(text)]));
    const letters = numberOrNull(deadLetters);
    this.#set("recorded", recorded === null ? unknown : formatCount(Number(recorded)));
    this.#set("rate", formatCount(Number(process.recordedPerSecond)));
    this.#set("latency", latency.p95 === null ? "–" : formatLatency(latency.p95));
    this.#set("latency-note", latency.p95 === null
      ? "nothing recorded in the last 60 s"
      : `p99 ${formatLatency(latency.p99)}, of the last 60 s`);
    const lagUnknown = lag.length === 0 && process.recorder.state !== "recording";
    this.#set("lag", lagUnknown ? unknown : formatCount(totalLag({ lag })));
    this.#set("lag-note", lagUnknown ? "no partition can be read" : `waiting in ${counted(lag.length, "partition")}`);
    this.#set("duplicates", formatCount(Number(process.duplicates)));
    this.#set("dead", letters === null ? unknown : formatCount(letters));
    this.#find("dead").closest(".tile").classList.toggle("alarming", letters > 0);

    const started = Number(process.started);
    this.#set("process", process.name);
    this.#set("process-since", formatTime(started));
    this.#set("process-up", formatDuration(Math.max(0, now / 1000 - started)));
    this.#set("process-recorded", formatCount(Number(process.recorded)));
    this.#set("process-lost", formatCount(Number(process.lost ?? 0)));
  }

  #find(id) {
    return this.#root.querySelector(`#${id}`);
  }

  #set(id, text) {
    setText(this.#find(id), text);
  }
}
