import { setText } from "./dom.js";

const shownMs = 6_000;

/**
 * Says what happened: to screen readers through live regions, and on small screens, where the purchases may be out of
 * sight, as a note at the edge.
 */
export class Announcer {
  #polite;
  #urgent;
  #timer;

  /** @param {Element} polite a live region @param {Element} urgent one that interrupts */
  constructor(polite, urgent) {
    this.#polite = polite;
    this.#urgent = urgent;
  }

  say(text) {
    this.#show(text, "");
  }

  /** Something went wrong. */
  warn(text) {
    this.#show("", text);
  }

  #show(polite, urgent) {
    setText(this.#polite, polite);
    setText(this.#urgent, urgent);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#show("", ""), shownMs);
  }
}
