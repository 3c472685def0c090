import { element, setText } from "../shared/dom.js";
import { formatPrice } from "../shared/money.js";
import { BuyButton } from "./buy-button.js";
import { describeState } from "./wording.js";

/** The items for sale, each with its button and, when something went wrong, what. */
export class Shelf {
  #cards = new Map();

  /**
   * @param {Element} list
   * @param {readonly object[]} items
   * @param {(item: object) => void} onBuy called for a press of Buy or Try again
   */
  constructor(list, items, onBuy) {
    for (const item of items) {
      const card = createCard(item, onBuy);
      this.#cards.set(item.name, card);
      list.append(card.node);
    }
  }

  /** @param {(itemName: string) => import("./orders.js").Order | undefined} unfinishedOrder */
  show(unfinishedOrder) {
    for (const [name, card] of this.#cards) {
      card.show(unfinishedOrder(name));
    }
  }

  /** An item was just bought. */
  confirm(itemName) {
    this.#cards.get(itemName)?.confirm();
  }

  /** Draws the eye to an item. */
  pointOut(itemName) {
    this.#cards.get(itemName)?.pointOut();
  }
}

function createCard(item, onBuy) {
  const label = element("span");
  const button = element("button", { type: "button", className: "buy primary" }, label,
    element("span", { className: "visually-hidden" }, ` ${item.name}`));
  const message = element("p", { className: "card-message", hidden: true });
  const node = element("li", { className: "card" },
    element("h3", {}, item.name),
    element("div", { className: "card-window" },
      element("img", { className: "card-picture", src: item.picture, alt: "", width: 120, height: 120 }),
      element("p", { className: "price" }, formatPrice(item.price)),
      message),
    element("p", { className: "blurb" }, item.blurb),
    button);
  const buyButton = new BuyButton(button, label, { ready: "Buy", retry: "Try again" }, () => onBuy(item));

  return {
    node,
    show(order) {
      buyButton.show(!order ? "ready" : order.state === "sending" ? "sending" : "retry");
      const trouble = order?.trouble ? describeState(order) : "";
      setText(message, trouble);
      message.hidden = trouble === "";
    },
    confirm: () => buyButton.confirm(),
    pointOut() {
      node.classList.remove("pointed-out");
      void node.offsetWidth; // or the animation would not start anew
      node.classList.add("pointed-out");
    },
  };
}
