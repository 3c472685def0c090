import { ask as askServer, nextCursor } from "../shared/api.js";
import { parseExact } from "../shared/money.js";
import { apiKey } from "./api-key.js";

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
  return { letters: await response.json(), next: nextCursor(response) };
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

const ask = (path, request) =>
  askServer("The server", path, { ...request, headers: { ...request.headers, ...apiKey.headers } });
