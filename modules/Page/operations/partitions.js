import { element, KeyedList, setText } from "../shared/dom.js";
import { counted, formatCount } from "./format.js";
import { totalLag } from "./observations.js";
import { niceStep } from "./scale.js";

// A handful of events that wait is no full bar.
const smallestScale = 100;

/** Lag by partition as bars, and what the recorder that works it off is doing. */
export class Partitions {
  #root;
  #list;

  /** @param {ParentNode} root holds the elements named below */
  constructor(root) {
    this.#root = root;
    this.#list = new KeyedList(root.querySelector("#partitions"), createBar, { recycles: true });
  }

  show({ lag, process }) {
    const highest = Math.max(0, ...lag.map(partition => Number(partition.lag)));
    const scale = Math.max(smallestScale, niceStep(highest || 1, 1));
    this.#list.show(lag.map(partition => ({ key: partition.partition, lag: Number(partition.lag), scale })));
    setText(this.#find("scale"), lag.length === 0
      ? "This process reads no partition at the moment."
      : `${counted(totalLag({ lag }), "event")} to record; a full bar is ${formatCount(scale)}.`);

    const { recorder } = process;
    const state = this.#find("state");
    state.dataset.state = recorder.state === "recording" ? "up" : "down";
    setText(state, recorder.state);
    setText(this.#find("reason"), recorder.reason ?? "");
  }

  #find(part) {
    return this.#root.querySelector(`#recorder-${part}`);
  }
}

function createBar() {
  const name = element("span", { className: "bar-name" });
  const fill = element("span", { className: "bar-fill" });
  const count = element("span", { className: "bar-count" });
  return {
    node: element("li", { className: "bar" }, name, element("span", { className: "bar-track", "aria-hidden": "true" }, fill), count),
    update({ key, lag, scale }) {
      setText(name, `Partition ${key}`);
      setText(count, formatCount(lag));
      fill.style.inlineSize = `${Math.min(100, (100 * lag) / scale)}%`;
    },
  };
}
