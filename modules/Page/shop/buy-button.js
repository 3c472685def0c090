import { setText } from "../shared/dom.js";

// One double-click is one purchase: the button holds still for a moment after it bought something.
const holdMs = 1_200;

/**
 * A button that spends money, so it takes each press once: not the second half of a double-click, not the repeats of a
 * key that is held down, and nothing while the shop has not answered the last one.
 */
export class BuyButton {
  #button;
  #label;
  #words;
  #state = "ready";
  #boughtUntil = 0;

  /**
   * @param {HTMLButtonElement} button
   * @param {Element} label the part of the button that says what it does
   * @param {{ ready: string, retry?: string }} words
   * @param {() => void} onPress
   */
  constructor(button, label, words, onPress) {
    this.#button = button;
    this.#label = label;
    this.#words = { sending: "Buying…", bought: "Bought ✓", ...words };
    button.addEventListener("click", () => this.#isHolding || onPress());
    button.addEventListener("keydown", event => event.repeat && event.preventDefault());
    this.#update();
  }

  /** @param {"ready" | "sending" | "retry"} state */
  show(state) {
    this.#state = state;
    this.#update();
  }

  /** Something was bought. */
  confirm() {
    this.#boughtUntil = performance.now() + holdMs;
    setTimeout(() => this.#update(), holdMs + 10);
    this.#update();
  }

  get #justBought() {
    return performance.now() < this.#boughtUntil;
  }

  get #isHolding() {
    return this.#state === "sending" || this.#justBought;
  }

  #update() {
    const word = this.#state === "ready" && this.#justBought ? "bought" : this.#state;
    setText(this.#label, this.#words[word]);
    this.#button.dataset.state = word;
    // Not `disabled`, which would take the focus away from those who use the keyboard.
    this.#button.setAttribute("aria-disabled", String(this.#isHolding));
  }
}
