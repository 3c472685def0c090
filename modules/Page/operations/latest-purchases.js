import { element, KeyedList, setText } from "../shared/dom.js";
import { formatPrice } from "../shared/money.js";
import { formatTime } from "./format.js";

const freshMs = 1_500;

/** The purchases that were recorded last, newest first. */
export class LatestPurchases {
  #list;
  #empty;

  /** @param {Element} list @param {Element} empty says that there are none */
  constructor(list, empty) {
    this.#list = new KeyedList(list, createRow, { recycles: true });
    this.#empty = empty;
  }

  show({ process }) {
    // One that was delivered again may be among them twice.
    const byId = new Map(process.latest.map(purchase => [purchase.id, { key: purchase.id, purchase }]));
    this.#list.show([...byId.values()]);
    this.#empty.hidden = process.latest.length > 0;
  }
}

function createRow() {
  const item = element("span", { className: "row-item" });
  const price = element("span", { className: "row-price" });
  const who = element("span", { className: "row-who" });
  const time = element("time");
  const node = element("li", { className: "row" }, item, price, who, time);
  let shown;
  let shownAt;
  return {
    node,
    update({ key, purchase }) {
      node.classList.toggle("fresh", shown !== key || performance.now() - shownAt < freshMs);
      if (shown === key) {
        return;
      }
      shown = key;
      shownAt = performance.now();
      setText(item, purchase.item ?? "Something");
      setText(price, formatPrice(purchase.price));
      setText(who, purchase.username);
      setText(time, formatTime(Number(purchase.timestamp)));
      time.dateTime = new Date(Number(purchase.timestamp) * 1000).toISOString();
    },
  };
}
