import { Refusal } from "../shared/api.js";
import { remembered } from "../shared/storage.js";
import { buy } from "./api.js";

/**
 * What became of one click on Buy.
 *
 *   sending ──► pending ──► recorded (then it is part of the history)
 *      │
 *      ├──► waiting   no answer, or "not now": asked again by itself at `retryAt`
 *      ├──► stopped   asked often enough by itself, or refused after a try that may have been taken: the customer decides
 *      └──► refused   the shop said no, and to every try, so nothing was bought
 *
 * From the first try to the last an order has one idempotency key, so it is bought at most once.
 *
 * @typedef {{
 *   key: string, customer: { name: string, userid: string }, item: { name: string, price: string },
 *   state: "sending" | "waiting" | "stopped" | "refused" | "pending" | "recorded",
 *   attempts: number, mayBeBought: boolean, sentAt: number, retryAt: number | null, trouble: Trouble | null,
 *   id: string | null, timestamp: string | null, tookMs: number | null }} Order
 *
 * @typedef {{ kind: "away" | "busy" | "unavailable" | "no" | "interrupted", message: string,
 *   fields: Record<string, string[]> }} Trouble
 */

const automaticAttempts = 5;
const firstDelayMs = 1_000;
const longestDelayMs = 60_000;
// Acknowledged purchases are safe with the shop; this many are shown while they wait to be recorded.
const mostPending = 100;

const now = () => performance.timeOrigin + performance.now();

/** The orders of this tab that are not in the history yet. Fires "change" with the order that changed as its detail. */
export class Orders extends EventTarget {
  #orders;
  #timers = new Map();
  #memory = remembered("sessionStorage", "shop.orders");

  constructor() {
    super();
    this.#orders = (this.#memory.read() ?? []).map(asFoundAfterReload);
  }

  /** A customer's orders, newest first. */
  of(userid) {
    return this.#orders.filter(order => order.customer.userid === userid);
  }

  pendingOf(userid) {
    return this.of(userid).filter(order => order.state === "pending");
  }

  /** The order of this item that has not come to an end, if there is one: trying it again is what a customer wants. */
  unfinished(userid, itemName) {
    return this.of(userid).find(order => order.item.name === itemName && order.state !== "pending");
  }

  place(customer, item) {
    const order = {
      key: newKey(),
      customer: { name: customer.name, userid: customer.userid },
      item: { name: item.name, price: item.price },
      state: "sending", attempts: 0, mayBeBought: false, sentAt: 0, retryAt: null, trouble: null, id: null, timestamp: null, tookMs: null,
    };
    this.#orders.unshift(order);
    this.#send(order);
    return order;
  }

  /** Asks again, now. What was refused is asked for by the customer as they are now, who may have corrected their id. */
  retry(order, customer) {
    if (order.state === "sending" || order.state === "pending") {
      return;
    }
    if (order.state === "refused") {
      order.customer = { name: customer.name, userid: customer.userid };
    }
    order.attempts = 0;
    this.#send(order);
  }

  /** Asks again for everything that waits: the network is back. */
  retryWaiting() {
    for (const order of this.#orders.filter(order => order.state === "waiting")) {
      this.#send(order);
    }
  }

  dismiss(order) {
    this.#forgetTimer(order);
    this.#remove(order);
    this.#changed(order);
  }

  /** What a customer was refused is theirs to correct, under whatever id. */
  adoptRefused(customer) {
    for (const order of this.#orders.filter(order => order.state === "refused")) {
      order.customer = { name: customer.name, userid: customer.userid };
    }
  }

  /** Takes leave of the orders whose purchases the history shows. */
  settle(purchaseIds) {
    for (const order of this.#orders.filter(order => order.state === "pending" && purchaseIds.has(order.id))) {
      order.state = "recorded";
      order.tookMs = order.sentAt && Math.max(1, Math.round(now() - order.sentAt));
      this.#remove(order);
      this.#changed(order);
    }
  }

  async #send(order) {
    this.#forgetTimer(order);
    order.state = "sending";
    order.attempts++;
    order.retryAt = null;
    order.sentAt = now();
    this.#changed(order);
    try {
      const purchase = await buy(order.customer, order.item, order.key);
      Object.assign(order, { state: "pending", id: purchase.id, timestamp: purchase.timestamp, trouble: null });
      this.#dropOldestPending();
    } catch (error) {
      this.#failed(order, error);
    }
    this.#changed(order);
  }

  #failed(order, error) {
    order.trouble = troubleOf(error);
    const isRefused = order.trouble.kind === "no";
    // Without an answer, and after "not now", a try may still have been taken.
    order.mayBeBought ||= !isRefused && order.trouble.kind !== "busy";
    if (isRefused && !order.mayBeBought) {
      order.state = "refused";
    } else if (isRefused || order.attempts >= automaticAttempts) {
      order.state = "stopped";
    } else {
      const delay = delayBefore(order.attempts, error.retryAfter);
      order.state = "waiting";
      order.retryAt = now() + delay;
      this.#timers.set(order, setTimeout(() => this.#send(order), delay));
    }
  }

  #dropOldestPending() {
    const pending = this.#orders.filter(order => order.state === "pending");
    pending.slice(mostPending).forEach(order => this.#remove(order));
  }

  #forgetTimer(order) {
    clearTimeout(this.#timers.get(order));
    this.#timers.delete(order);
  }

  #remove(order) {
    this.#orders = this.#orders.filter(other => other !== order);
  }

  #changed(order) {
    this.#memory.write(this.#orders);
    this.dispatchEvent(new CustomEvent("change", { detail: order }));
  }
}

/** Whole seconds until an order is tried again by itself. */
export const secondsUntilRetry = order => Math.max(0, Math.ceil((order.retryAt - now()) / 1000));

/** How long an order has been on its way, in milliseconds. */
export const ageOf = order => now() - order.sentAt;

function troubleOf(error) {
  if (!(error instanceof Refusal)) {
    return { kind: "away", message: error.message, fields: {} };
  }
  const kind = !error.isTemporary ? "no" : error.status === 429 ? "busy" : "unavailable";
  return { kind, message: error.message, fields: error.fields };
}

function delayBefore(attempt, retryAfter) {
  const backoff = firstDelayMs * 2 ** (attempt - 1) * (1 + Math.random() / 4);
  return Math.min(longestDelayMs, Math.max(backoff, (retryAfter ?? 0) * 1000));
}

// Whether the shop got an order that was on its way when the page went is unknown. Asking again by itself would spend
// money without a click on this page, so the customer decides.
function asFoundAfterReload(order) {
  return order.state === "sending" || order.state === "waiting"
    ? { ...order, state: "stopped", mayBeBought: true, retryAt: null, trouble: { kind: "interrupted", message: "", fields: {} } }
    : { ...order, sentAt: 0 };
}

// crypto.randomUUID exists only on https and localhost; a shop in a test cluster may be on neither.
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, byte => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
