import { apiKey } from "./api-key.js";
import { parseExact } from "./money.js";

/** The management API answered, and the answer is no. */
export class Refusal extends Error {
  /**
   * @param {number} status the HTTP status
   * @param {{ title?: string, detail?: string }} problem the problem as RFC 9457 has it
   * @param {number | null} retryAfter seconds to wait before asking again, where the server said so
   */
  constructor(status, problem, retryAfter) {
    super(problem.detail ?? problem.title ?? `The server answered ${status}.`);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

const deadlineMs = 15_000;

/** Asks for the stream of statistics. */
export async function openStatistics(signal) {
  const response = await ask("api/v1/stats/stream", { headers: { Accept: "text/event-stream" }, signal });
  if (!response.headers.get("Content-Type")?.startsWith("text/event-stream")) {
    throw new Error("The answer is not a stream of events.");
  }
  return response;
}

/** Reads statistics. Numbers come as their text, so that prices stay exact. */
export const readStatistics = parseExact;

/**
 * A page of dead letters, newest first. Throws what went wrong.
 * @param {string | null} before the place that the page before it ended at; null: the newest
 * @returns {Promise<{ letters: object[], next: string | null }>} `next` is the place that older ones begin at; null: there are none
 */
export async function readDeadLetters(limit, before) {
  const from = before === null ? "" : `&before=${encodeURIComponent(before)}`;
  const response = await ask(`api/v1/dead-letters?limit=${limit}${from}`, { signal: AbortSignal.timeout(deadlineMs) });
  const [, next = null] = /[?&]before=([^&>]+)/.exec(response.headers.get("Link") ?? "") ?? [];
  return { letters: await response.json(), next };
}

/**
 * Tries to record a dead letter again.
 * @param {string | null} corrected what to record in its place; null: the event as it stands
 * @returns {Promise<{ status: "recorded" | "duplicate", purchase: object }>}
 */
export async function replayDeadLetter(id, corrected) {
  const response = await ask(`api/v1/dead-letters/${id}/replay`, {
    method: "POST",
    signal: AbortSignal.timeout(deadlineMs),
    ...(corrected !== null && { headers: { "Content-Type": "application/json" }, body: corrected }),
  });
  return parseExact(await response.text());
}

/** Drops a dead letter for good. */
export async function dropDeadLetter(id) {
  await ask(`api/v1/dead-letters/${id}`, { method: "DELETE", signal: AbortSignal.timeout(deadlineMs) });
}

async function ask(path, request) {
  let response;
  try {
    response = await fetch(path, { cache: "no-store", ...request, headers: { ...request.headers, ...apiKey.headers } });
  } catch (error) {
    throw new Error("The server can’t be reached.", { cause: error });
  }
  if (!response.ok) {
    throw new Refusal(response.status, await readProblem(response), secondsOf(response.headers.get("Retry-After")));
  }
  return response;
}

async function readProblem(response) {
  try {
    return await response.json() ?? {};
  } catch {
    return {}; // a page of some proxy, for instance
  }
}

const secondsOf = retryAfter => (/^\d+$/.test(retryAfter ?? "") ? Number(retryAfter) : null);
