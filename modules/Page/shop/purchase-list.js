import { element, KeyedList, setText } from "../shared/dom.js";
import { formatPrice } from "../shared/money.js";
import { pictureOf } from "./catalog.js";
import { describeRecorded, describeState } from "./wording.js";

// How long an order took is known only here and not kept for long.
const mostRemembered = 100;

/** My purchases: the orders that are on their way on top, and under them the history. */
export class PurchaseList {
  #list;
  #recorded = new Map();

  /**
   * @param {Element} list
   * @param {{ retry: (order: object) => void, dismiss: (order: object) => void }} actions
   */
  constructor(list, actions) {
    this.#list = new KeyedList(list, () => createRow(actions));
  }

  /** An order became part of the history: its row stays the same row. */
  remember(order) {
    this.#recorded.set(order.id, { key: order.key, tookMs: order.tookMs });
    if (this.#recorded.size > mostRemembered) {
      this.#recorded.delete(this.#recorded.keys().next().value);
    }
  }

  show(orders, entries) {
    const listed = new Set(entries.map(entry => entry.id));
    this.#list.show([
      ...orders.filter(order => !listed.has(order.id)).map(fromOrder),
      ...entries.map(entry => this.#fromEntry(entry)),
    ]);
  }

  /** The row of a purchase of the history. */
  row(purchaseId) {
    return this.#list.node(this.#keyOf(purchaseId));
  }

  #fromEntry({ id, item, price, timestamp }) {
    const here = this.#recorded.get(id);
    return {
      key: this.#keyOf(id), item, price, timestamp, order: null,
      state: "recorded",
      status: here ? describeRecorded(here.tookMs) : "",
    };
  }

  #keyOf(purchaseId) {
    return this.#recorded.get(purchaseId)?.key ?? purchaseId;
  }
}

const fromOrder = order => ({
  key: order.key, item: order.item.name, price: order.item.price, timestamp: order.timestamp, order,
  state: order.state,
  status: describeState(order),
});

function createRow({ retry, dismiss }) {
  const picture = element("img", { className: "row-picture", alt: "", width: 44, height: 44 });
  const name = element("span", { className: "row-item" });
  const price = element("span", { className: "row-price" });
  const time = element("time", { className: "row-time" });
  const status = element("span", { className: "row-status" });
  const subject = element("span", { className: "visually-hidden" });
  const again = element("button", { type: "button", className: "small" }, "Try again", subject);
  const forget = element("button", { type: "button", className: "small quiet" }, "Forget it", subject.cloneNode());
  const actions = element("span", { className: "row-actions" }, again, forget);
  const node = element("li", { className: "row", tabIndex: -1 },
    picture, name, price, element("span", { className: "row-facts" }, status, time), actions);

  let shown;
  again.addEventListener("click", () => retry(shown.order));
  forget.addEventListener("click", () => dismiss(shown.order));

  return {
    node,
    update(row) {
      shown = row;
      const itemName = row.item ?? "Something";
      const source = pictureOf(row.item);
      if (picture.getAttribute("src") !== source) {
        picture.src = source;
      }
      setText(name, itemName);
      setText(price, formatPrice(row.price));
      setText(status, row.status);
      showTime(time, row.timestamp);
      node.dataset.state = row.state;
      forget.lastElementChild.textContent = subject.textContent = ` ${itemName}`;

      const isStuck = ["waiting", "stopped", "refused"].includes(row.state);
      if (!isStuck && actions.contains(document.activeElement)) {
        node.focus({ preventScroll: true }); // its button is about to go
      }
      actions.hidden = !isStuck;
    },
  };
}

const timeToday = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const timeBefore = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });

function showTime(node, epochSeconds) {
  if (epochSeconds === null || node.dataset.epoch === epochSeconds) {
    return;
  }
  const date = new Date(Number(epochSeconds) * 1000);
  const isToday = date.toDateString() === new Date().toDateString();
  node.dataset.epoch = epochSeconds;
  node.dateTime = date.toISOString();
  setText(node, (isToday ? timeToday : timeBefore).format(date));
}
