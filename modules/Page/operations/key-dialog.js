import { setText } from "../shared/dom.js";
import { apiKey, complaintAboutKey } from "./api-key.js";

/** Asks for the API key, once: until the server has accepted one, and again when it no longer does. */
export class KeyDialog {
  #root;
  #connection;
  #isChecking = false;
  #wasDismissed = false;

  /** @param {HTMLDialogElement} root @param {import("./connection.js").Connection} connection */
  constructor(root, connection) {
    this.#root = root;
    this.#connection = connection;
    this.#find("form").addEventListener("submit", event => {
      event.preventDefault();
      this.#submit();
    });
    this.#find("input").addEventListener("input", () => this.#complain(""));
    this.#find("cancel").addEventListener("click", () => root.close());
    root.addEventListener("close", () => {
      this.#wasDismissed = this.#connection.state === "locked";
      this.#find("input").value = "";
    });
    connection.addEventListener("change", () => this.#follow());
  }

  open() {
    if (!this.#root.open) {
      this.#isChecking = false;
      this.#complain("");
      this.#root.showModal();
      this.#find("input").focus();
    }
  }

  #find(part) {
    return this.#root.querySelector(`#key-${part}`);
  }

  #submit() {
    const text = this.#find("input").value.trim();
    const complaint = complaintAboutKey(text);
    this.#complain(complaint ?? "");
    if (complaint === null) {
      apiKey.use(text);
      this.#isChecking = true;
      this.#showChecking();
      this.#connection.retry();
    }
  }

  #follow() {
    const { state } = this.#connection;
    if (state === "live") {
      apiKey.keep();
      this.#isChecking = this.#wasDismissed = false;
      this.#showChecking();
      this.#root.close();
    } else if (state === "locked" && this.#isChecking) {
      this.#isChecking = false;
      this.#showChecking();
      this.#complain("The server does not accept this key.");
      this.#find("input").select();
    } else if (state === "locked" && !this.#wasDismissed) {
      this.open();
    } else if (state === "waiting" && this.#root.open) {
      this.#complain("The server can’t be reached just now; the key is tried again by itself.");
    }
  }

  #showChecking() {
    setText(this.#find("submit"), this.#isChecking ? "Checking…" : "Unlock");
    this.#find("submit").setAttribute("aria-disabled", String(this.#isChecking));
  }

  #complain(text) {
    setText(this.#find("error"), text);
    this.#find("input").setAttribute("aria-invalid", String(text !== ""));
  }
}
