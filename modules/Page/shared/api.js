/** A server answered, and the answer is no. */
export class Refusal extends Error {
  /**
   * @param {number} status the HTTP status
   * @param {{ title?: string, detail?: string, errors?: Record<string, string[]> }} problem the problem as RFC 9457 has it
   * @param {string} message what to say where the problem says nothing
   * @param {number | null} retryAfter seconds to wait before asking again, where the server said so
   */
  constructor(status, problem, message, retryAfter) {
    super(problem.detail ?? problem.title ?? message);
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

/**
 * Asks a server. Throws a refusal, or that it is unreachable.
 * @param {string} server its name, to say what went wrong
 * @returns {Promise<Response>} the answer, whose body is not read yet
 */
export async function ask(server, path, request) {
  let response;
  try {
    response = await fetch(path, { cache: "no-store", ...request });
  } catch (error) {
    throw new Unreachable(`${server} can’t be reached.`, { cause: error });
  }
  if (!response.ok) {
    const problem = await readProblem(response);
    throw new Refusal(response.status, problem, `${server} answered ${response.status}.`, secondsOf(response.headers.get("Retry-After")));
  }
  return response;
}

/** The cursor of the page after this one; null: there is none. */
export function nextCursor(response) {
  const next = /<([^>]*)>\s*;[^,]*\brel="?next"?/.exec(response.headers.get("Link") ?? "");
  return next && new URL(next[1], location.href).searchParams.get("before");
}

async function readProblem(response) {
  try {
    return await response.json() ?? {};
  } catch {
    return {}; // a page of some proxy, for instance
  }
}

function secondsOf(retryAfter) {
  if (!retryAfter) {
    return null;
  }
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : null;
}
