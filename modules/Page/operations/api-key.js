import { remembered } from "../shared/storage.js";

const memory = remembered("sessionStorage", "operations.apiKey");
const utf8 = new TextEncoder();

/** The API key that requests carry: kept for this tab, and only once the server has accepted it. */
export const apiKey = {
  value: memory.read() ?? null,

  /** Carries a key from now on. */
  use(value) {
    this.value = value;
  },

  /** The server accepted it. */
  keep() {
    if (this.value !== null) {
      memory.write(this.value);
    }
  },

  forget() {
    this.value = null;
    memory.write(null);
  },

  /** What to send: nothing without a key. A header carries bytes, and the server reads them as UTF-8. */
  get headers() {
    return this.value === null ? {} : { "X-API-Key": String.fromCharCode(...utf8.encode(this.value)) };
  },
};

/** What makes a text unfit to be a key at all; null when nothing does. */
export function complaintAboutKey(text) {
  if (text.trim() === "") {
    return "Type the key first.";
  }
  return /\p{Cc}/u.test(text) ? "A key has no control characters." : null;
}
