import { parseExact } from "./money.js";

/** The shop answered, and the answer is no. */
export class Refusal extends Error {
  /**
   * @param {number} status the HTTP status
   * @param {{ title?: string, detail?: string, errors?: Record<string, string[]> }} problem the problem as RFC 9457 has it
   * @param {number | null} retryAfter seconds to wait before asking again, where the shop said so
   */
  constructor(status, problem, retryAfter) {
    super(problem.detail ?? problem.title ?? `the shop answered ${status}`);
    this.status = status;
    this.fields = problem.errors ?? {};
    this.retryAfter = retryAfter;
  }

  /** Whether the same question may get another answer later. */
  get isTemporary() {
    return this.status >= 500 || this.status === 429 || this.status === 408;
  }
}

/** There was no answer, or none that makes sense: what was asked for may have happened or not. */
export class Unreachable extends Error {
  isTemporary = true;
}

// Longer than the shop's own deadline, which is 15 s over Kafka, so that its answer is waited for.
const deadlineMs = 20_000;

/** Buys an item. Asking again under the same key is the same purchase. Resolves once the purchase is durable. */
export async function buy(customer, item, idempotencyKey) {
  const { body } = await ask("api/v1/buy", {
    method: "POST",
    headers: { "Content-Type": "application/json", "Idempotency-Key": idempotencyKey },
    body: purchaseRequest(customer, item),
  });
  if (typeof body?.data?.id !== "string") {
    throw new Unreachable("the answer to a purchase could not be understood");
  }
  return body.data;
}

/** A page of a customer's recorded purchases, newest first, and the cursor of the page after it (null: none). */
export async function readHistory(userid, limit, before) {
  const query = new URLSearchParams({ limit, ...(before && { before }) });
  const { body, headers } = await ask(`api/v1/getAllUserBuys/${encodeURIComponent(userid)}?${query}`);
  if (!Array.isArray(body)) {
    throw new Unreachable("the history could not be understood");
  }
  return { purchases: body, next: cursorOf(headers.get("Link")) };
}

/** How many purchases a customer made and what they cost: { purchases, total, first, last }. */
export async function readSummary(userid) {
  const { body } = await ask(`api/v1/users/${encodeURIComponent(userid)}/summary`);
  return body;
}

// JSON.stringify would turn the price into a floating-point number first.
const purchaseRequest = ({ name, userid }, item) =>
  `{"username":${JSON.stringify(name)},"userid":${JSON.stringify(userid)},` +
  `"price":${item.price},"item":${JSON.stringify(item.name)}}`;

async function ask(path, request) {
  let response, text;
  try {
    response = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(deadlineMs), ...request });
    text = await response.text();
  } catch (error) {
    throw new Unreachable(error.message, { cause: error });
  }

  const body = readBody(text);
  if (!response.ok) {
    throw new Refusal(response.status, body ?? {}, secondsOf(response.headers.get("Retry-After")));
  }
  return { body, headers: response.headers };
}

function readBody(text) {
  try {
    return parseExact(text);
  } catch {
    return null; // a page of some proxy, for instance
  }
}

function secondsOf(retryAfter) {
  if (!retryAfter) {
    return null;
  }
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : null;
}

function cursorOf(link) {
  const next = /<([^>]*)>\s*;[^,]*\brel="?next"?/.exec(link ?? "");
  return next && new URL(next[1], location.href).searchParams.get("before");
}
