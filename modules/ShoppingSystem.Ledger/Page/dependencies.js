import { element, setText } from "./dom.js";
import { RecyclingList } from "./recycling-list.js";

/** What the process needs, each with its state and, when that isn't good, the reason. */
export class Dependencies {
  #list;

  /** @param {Element} list */
  constructor(list) {
    this.#list = new RecyclingList(list, createRow);
  }

  show({ dependencies }) {
    this.#list.show(Object.entries(dependencies).map(([key, { state, reason }]) => ({ key, state, reason })));
  }
}

function createRow() {
  const name = element("span", { className: "dependency-name" });
  const chip = element("span", { className: "chip" });
  const why = element("span", { className: "dependency-reason" });
  return {
    node: element("li", { className: "dependency" }, name, chip, why),
    update({ key, state, reason }) {
      setText(name, key);
      setText(chip, state);
      chip.dataset.state = state;
      setText(why, reason ?? "");
    },
  };
}
