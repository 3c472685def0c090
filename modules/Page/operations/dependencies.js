import { element, KeyedList, setText } from "../shared/dom.js";

/** What the process needs, each with its state and, when that isn't good, the reason. */
export class Dependencies {
  #list;

  /** @param {Element} list */
  constructor(list) {
    this.#list = new KeyedList(list, createRow, { recycles: true });
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
