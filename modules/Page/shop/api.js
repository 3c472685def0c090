import { ask as askServer, nextCursor, Unreachable } from "../shared/api.js";
import { parseExact } from "../shared/money.js";

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
  const { body, next } = await ask(`api/v1/getAllUserBuys/${encodeURIComponent(userid)}?${query}`);
  if (!Array.isArray(body)) {
    throw new Unreachable("the history could not be understood");
  }
  return { purchases: body, next };
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
  const response = await askServer("the shop", path, { signal: AbortSignal.timeout(deadlineMs), ...request });
  try {
    return { body: readBody(await response.text()), next: nextCursor(response) };
  } catch (error) {
    throw new Unreachable(error.message, { cause: error });
  }
}

function readBody(text) {
  try {
    return parseExact(text);
  } catch {
    return null; // a page of some proxy, for instance
  }
}
