import { element, KeyedList, setText } from "../shared/dom.js";
import { fromBase64, textOf } from "./bytes.js";
import { formatBytes, formatCount, formatTime } from "./format.js";

const previewLength = 200;

/** Where an event lies in the log. */
export const placeOf = ({ topic, partition, offset }) => `${topic}[${partition}]@${offset}`;

/** The list of dead letters, each with a button to inspect it. */
export class DeadLetterList {
  #root;
  #list;

  /** @param {ParentNode} root holds the elements named below @param {(letter: object) => void} onInspect */
  constructor(root, onInspect) {
    this.#root = root;
    this.#list = new KeyedList(this.#find("list"), () => createRow(onInspect));
  }

  /** @param {import("./dead-letters.js").DeadLetters} deadLetters */
  show({ letters, total, trouble, areNewest, canShowMore, canShowOlder }) {
    const list = this.#find("list");
    const hadFocus = list.contains(document.activeElement);
    this.#list.show(letters.map(letter => ({ key: letter.id, letter })));
    if (hadFocus && !list.contains(document.activeElement)) {
      this.#find("heading").focus(); // what had the focus is gone
    }

    setText(this.#find("count"), total === null ? "" : formatCount(total));
    setText(this.#find("trouble"), trouble === null ? "" : `The list could not be brought up to date: ${trouble} It is tried again.`);
    this.#find("trouble").hidden = trouble === null;
    this.#find("empty").hidden = total !== 0 || letters.length > 0;
    const extent = areNewest ? `The newest ${formatCount(letters.length)}` : `${formatCount(letters.length)} older ones`;
    setText(this.#find("partial"), letters.length > 0 && total > letters.length ? `${extent} are shown.` : "");
    this.#showButton("more", canShowMore);
    this.#showButton("older", canShowOlder);
    this.#showButton("newest", !areNewest);
  }

  /** Takes the focus, when what had it is gone. */
  focus() {
    this.#find("heading").focus();
  }

  #showButton(part, isShown) {
    const button = this.#find(part);
    if (!isShown && document.activeElement === button) {
      this.#find("heading").focus(); // what had the focus is gone
    }
    button.hidden = !isShown;
  }

  #find(part) {
    return this.#root.querySelector(`#dead-letters-${part}`);
  }
}

function createRow(onInspect) {
  const reason = element("strong", { className: "letter-reason" });
  const preview = element("code", { className: "letter-preview" });
  const time = element("time");
  const place = element("span");
  const subject = element("span", { className: "visually-hidden" });
  const inspect = element("button", { type: "button", className: "small" }, "Inspect", subject);
  const node = element("li", { className: "letter" },
    element("div", { className: "letter-facts" }, time, place), reason, preview, inspect);

  let shown;
  inspect.addEventListener("click", () => onInspect(shown));
  return {
    node,
    update({ letter }) {
      if (shown === letter) {
        return;
      }
      shown = letter;
      setText(reason, letter.reason);
      setText(preview, previewOf(letter));
      setText(time, formatTime(letter.failedAt));
      time.dateTime = new Date(letter.failedAt * 1000).toISOString();
      setText(place, placeOf(letter));
      setText(subject, ` the dead letter at ${placeOf(letter)}`);
    },
  };
}

function previewOf({ raw }) {
  const bytes = fromBase64(raw);
  const text = textOf(bytes);
  if (bytes.length === 0) {
    return "(empty)";
  }
  return text === null ? `(${formatBytes(bytes.length)}, not text)` : text.slice(0, previewLength);
}
