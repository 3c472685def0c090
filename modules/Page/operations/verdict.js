import { counted, formatClock, formatDuration } from "./format.js";
import { numberOrNull, totalLag } from "./observations.js";

// The stream says something every second; busy machines are forgiven a few.
const staleAfterMs = 4_000;
// It counts as behind when it would take longer than this to record what waits.
const behindSeconds = 5;
const behindEvents = 1_000;

/** Whether what is shown is not of now. */
export const isStale = (connection, receivedAt, now) => connection.state !== "live" || now - receivedAt > staleAfterMs;

/**
 * What an operator should know first, in a sentence. `title` is the headline without what changes every second, `news` the whole
 * as it is announced.
 * @returns {{ kind: string, level: "good" | "warning" | "bad" | "unknown", headline: string, detail: string, title: string, news: string }}
 */
export function verdictOn({ latest, receivedAt }, connection, now) {
  if (connection.state === "locked") {
    return verdict("locked", "unknown", "An API key is needed", "This management API shows its figures only to those who have its key.");
  }
  if (latest === null) {
    return connection.state === "waiting"
      ? waitingVerdict("unreachable", "The management API can’t be reached", "", connection)
      : verdict("connecting", "unknown", "Connecting…", connection.trouble ?? "");
  }
  if (isStale(connection, receivedAt, now)) {
    return {
      ...waitingVerdict("stale", `No news for ${formatDuration((now - receivedAt) / 1000)}`, `What you see is from ${formatClock(receivedAt / 1000)}.`, connection),
      title: "No news",
    };
  }
  return verdictOnStatistics(latest);
}

function verdictOnStatistics({ recorded, deadLetters, process, lag, dependencies }) {
  const lost = Number(process.lost ?? 0);
  if (process.recorder.state !== "recording") {
    return verdict("held-up", "bad", "Recording is held up",
      `${sentence(process.recorder.reason)} Purchases wait in the log until it works again${lost > 0 ? "" : "; none is lost"}.`);
  }
  const states = Object.entries(dependencies);
  const [down] = states.filter(([, { state }]) => state === "down");
  if (down) {
    return verdict(`down ${down[0]}`, "bad", `${down[0]} is down`, sentence(down[1].reason ?? ""));
  }
  if (recorded === null || deadLetters === null) {
    return verdict("store-away", "bad", "The store can’t be asked", "Totals are unknown until it answers again.");
  }
  if (lost > 0) {
    return verdict("lost", "bad", "Purchases were lost from the log",
      `${sentence(dependencies.recorder?.reason ?? "")} The recorder says so until it is started again.`.trim());
  }
  const [degraded] = states.filter(([, { state }]) => state !== "up");
  if (degraded) {
    return verdict(`degraded ${degraded[0]}`, "warning", `${degraded[0]} is degraded`, sentence(degraded[1].reason ?? ""));
  }
  const waiting = totalLag({ lag });
  if (waiting > behindEvents && waiting > behindSeconds * Number(process.recordedPerSecond)) {
    return verdict("behind", "warning", "Recording is behind", `${counted(waiting, "purchase")} wait in the log.`);
  }
  const letters = numberOrNull(deadLetters);
  return letters > 0
    ? verdict("dead-letters", "warning", `${counted(letters, "dead letter")} ${letters === 1 ? "waits" : "wait"} for you`,
      "All else is recorded as it comes in.")
    : verdict("good", "good", "All is well", "Every purchase is recorded as it comes in.");
}

function waitingVerdict(kind, headline, detail, { state, retryAt, trouble }) {
  const seconds = Math.max(0, Math.ceil((retryAt - performance.now()) / 1000));
  const next = state === "waiting" ? `Trying again in ${seconds} s.` : state === "connecting" ? "Trying again…" : "";
  return verdict(kind, "bad", headline, sentences(detail, trouble, next), sentences(detail, trouble, next && "Trying again by itself."));
}

const sentence = text => text.replace(/^./, first => first.toUpperCase()).replace(/[^.!?]$/, "$&.");

const sentences = (...parts) => parts.filter(part => part).join(" ");

const verdict = (kind, level, headline, detail, announced = detail) =>
  ({ kind, level, headline, detail, title: headline, news: `${headline}. ${announced}` });
