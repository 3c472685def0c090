import { Refusal } from "../shared/api.js";
import { setText } from "../shared/dom.js";
import { formatPrice } from "../shared/money.js";
import { dropDeadLetter, replayDeadLetter } from "./api.js";
import { fromBase64, hexDump, textOf } from "./bytes.js";
import { placeOf } from "./dead-letter-list.js";
import { formatBytes, formatTime } from "./format.js";

// More than this no one reads, and browsers choke on it.
const mostBytesShown = 32 * 1024;

const questions = {
  replay: { text: "Record this event now, exactly as it stands?", yes: "Replay it" },
  correct: { text: "Record the corrected event in its place?", yes: "Replay the corrected event" },
  drop: { text: "Drop this event for good? It can’t be brought back, and what it says is never recorded.", yes: "Drop it for good" },
};

/** A dead letter from near: the event as it came, why it could not be recorded, and what can be done about it. */
export class DeadLetterDialog {
  #root;
  #events;
  #letter = null;
  #bytes = null;
  #text = null;
  #action = null;
  #isBusy = false;
  #draft = { id: null, text: "" };

  /**
   * @param {HTMLDialogElement} root
   * @param {{ onDone: (letter: object, what: string) => void, onClosed: () => void, onUnauthorized: () => void }} events
   *   `what` says in words what became of it
   */
  constructor(root, events) {
    this.#root = root;
    this.#events = events;
    for (const action of Object.keys(questions)) {
      this.#find(action).addEventListener("click", () => this.#ask(action));
    }
    this.#find("edit").addEventListener("click", () => this.#edit());
    this.#find("close").addEventListener("click", () => this.#root.close());
    this.#find("no").addEventListener("click", () => this.#withdraw());
    this.#find("yes").addEventListener("click", () => this.#act());
    this.#find("editor").addEventListener("input", () => this.#checkDraft());
    for (const choice of root.querySelectorAll("input[name=view]")) {
      choice.addEventListener("change", () => this.#showEvent(choice.value));
    }
    root.addEventListener("close", () => this.#events.onClosed());
    root.addEventListener("keydown", event => {
      if (event.key === "Escape" && (this.#action !== null || this.#isBusy)) {
        event.preventDefault();
        this.#withdraw();
      }
    });
  }

  open(letter) {
    this.#letter = letter;
    this.#bytes = fromBase64(letter.raw);
    this.#text = textOf(this.#bytes);
    this.#action = null;

    setText(this.#find("reason"), letter.reason);
    setText(this.#find("failed"), formatTime(letter.failedAt));
    setText(this.#find("appended"), formatTime(letter.appendedAt));
    setText(this.#find("place"), placeOf(letter));
    setText(this.#find("size"), formatBytes(this.#bytes.length));
    setText(this.#find("id"), letter.id);
    this.#root.showModal();
    const view = this.#text === null ? "hex" : "text";
    this.#root.querySelector(`input[name=view][value=${view}]`).checked = true;
    this.#showEvent(view);

    const hasDraft = this.#draft.id === letter.id;
    this.#find("correction").hidden = !hasDraft;
    this.#find("edit").hidden = hasDraft;
    this.#find("editor").value = hasDraft ? this.#draft.text : "";
    this.#complain("");
    this.#showActions();
    this.#root.scrollTop = 0;
    this.#find("heading").focus();
  }

  #find(part) {
    return this.#root.querySelector(`#letter-${part}`);
  }

  #showEvent(view) {
    const shown = this.#bytes.subarray(0, mostBytesShown);
    const readable = {
      text: () => new TextDecoder().decode(shown),
      hex: () => hexDump(shown, this.#root.clientWidth < 560 ? 8 : 16),
      base64: () => this.#letter.raw.slice(0, Math.ceil(mostBytesShown / 3) * 4),
    };
    const event = this.#find("event");
    setText(event, readable[view]());
    event.dataset.view = view;
    const notes = [
      view === "text" && this.#text === null ? "This is not text: what can’t be read is shown as �." : "",
      this.#bytes.length === 0 ? "The event is empty." : "",
      this.#bytes.length > mostBytesShown ? `The first ${formatBytes(mostBytesShown)} are shown.` : "",
    ];
    setText(this.#find("event-note"), notes.join(" ").trim());
  }

  #edit() {
    const editor = this.#find("editor");
    editor.value = this.#text ?? "";
    this.#find("correction").hidden = false;
    this.#find("edit").hidden = true;
    this.#checkDraft();
    this.#showActions();
    editor.setSelectionRange(0, 0);
    editor.focus();
  }

  #checkDraft() {
    const text = this.#find("editor").value;
    this.#draft = { id: this.#letter.id, text };
    let hint = "";
    try {
      JSON.parse(text);
    } catch (error) {
      hint = `Not valid JSON yet: ${error.message}`;
    }
    setText(this.#find("editor-hint"), hint);
    this.#complain("");
  }

  #ask(action) {
    this.#complain("");
    if (action === "correct" && this.#find("editor").value.trim() === "") {
      this.#complain("The corrected event is empty.");
      this.#find("editor").focus();
      return;
    }
    this.#action = action;
    this.#find("confirmation").dataset.action = action;
    setText(this.#find("question"), questions[action].text);
    setText(this.#find("yes"), questions[action].yes);
    this.#showActions();
    this.#find(action === "drop" ? "no" : "yes").focus();
  }

  #withdraw() {
    if (this.#isBusy) {
      return;
    }
    const action = this.#action;
    this.#action = null;
    this.#showActions();
    this.#find(action).focus();
  }

  async #act() {
    if (this.#isBusy) {
      return;
    }
    const action = this.#action;
    const letter = this.#letter;
    this.#setBusy(true);
    try {
      const what = action === "drop" ? await drop(letter) : await replay(letter, action === "correct" ? this.#find("editor").value : null);
      this.#setBusy(false);
      this.#draft = { id: null, text: "" };
      this.#finish(letter, what);
    } catch (error) {
      this.#setBusy(false);
      this.#failed(action, error);
    }
  }

  // First closed, then told: what is behind an open dialog is not read out.
  #finish(letter, what) {
    this.#root.close();
    this.#events.onDone(letter, what);
  }

  #failed(action, error) {
    const status = error instanceof Refusal ? error.status : null;
    if (status === 404) {
      this.#finish(this.#letter, "It was gone already: somebody else replayed or dropped it.");
      return;
    }
    this.#withdraw();
    if (status === 401) {
      this.#complain("The API key is not accepted any more.");
      this.#events.onUnauthorized();
    } else if (status === 413) {
      this.#complain("The corrected event is too large.");
    } else if (status === 422) {
      this.#complain(`It still can’t be recorded: ${error.message}`);
    } else {
      this.#complain(`That did not work: ${error.message} It is safe to try again.`);
    }
    if (action === "correct") {
      this.#find("editor").focus();
    }
  }

  #setBusy(isBusy) {
    this.#isBusy = isBusy;
    // Not `disabled`, which would take the focus away from those who use the keyboard.
    this.#find("yes").setAttribute("aria-disabled", String(isBusy));
    this.#find("no").setAttribute("aria-disabled", String(isBusy));
  }

  #complain(text) {
    setText(this.#find("complaint"), text);
  }

  #showActions() {
    this.#find("actions").hidden = this.#action !== null;
    this.#find("confirmation").hidden = this.#action === null;
    this.#find("correct").hidden = this.#find("correction").hidden;
    this.#find("editor").readOnly = this.#action !== null;
  }
}

async function replay(letter, corrected) {
  const { status, purchase } = await replayDeadLetter(letter.id, corrected);
  const name = `${purchase.item ?? "Something"} for ${formatPrice(purchase.price)}, bought by ${purchase.username}`;
  return status === "recorded" ? `Recorded: ${name}.` : `It was recorded before, and still counts once: ${name}.`;
}

async function drop(letter) {
  await dropDeadLetter(letter.id);
  return `Dropped: the event at ${placeOf(letter)}.`;
}
