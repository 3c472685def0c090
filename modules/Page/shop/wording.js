import { ageOf, secondsUntilRetry } from "./orders.js";

const usualMs = 5_000;

const fieldNames = { username: "your name", userid: "your id", price: "the price", item: "the item" };

const troubles = {
  away: "The shop can’t be reached.",
  busy: "The shop is very busy.",
  unavailable: "The shop can’t take purchases just now.",
  interrupted: "This page was closed before the shop answered.",
};

/** What is wrong with an order, in a sentence. */
export function describeTrouble({ kind, message, fields }) {
  if (kind !== "no") {
    return troubles[kind];
  }
  const complaints = Object.entries(fields).map(([field, errors]) => `${fieldNames[field] ?? field} ${errors.join(", ")}`);
  return `The shop refused: ${complaints.join("; ") || message.replace(/\.$/, "")}.`;
}

/** Why a customer's purchases are not shown, in a sentence or two. A refusal has to be told: waiting would not help. */
export const describeHistoryTrouble = ({ status, message }) =>
  status === 401 || status === 403 ? message : "Your purchases can’t be shown just now. What you bought is safe.";

/** What an order is waiting for, for those who look at it. */
export function describeState(order) {
  switch (order.state) {
    case "sending":
      return order.trouble ? `${describeTrouble(order.trouble)} Trying again…` : "Buying…";
    case "waiting":
      return `${describeTrouble(order.trouble)} Trying again in ${secondsUntilRetry(order)} s.`;
    case "stopped":
      return `${describeTrouble(order.trouble)} Trying again is safe: it is bought only once.`;
    case "refused":
      return `${describeTrouble(order.trouble)} Nothing was bought.`;
    case "pending":
      return ageOf(order) < usualMs ? "Pending" : "Pending: safe with the shop, and recorded as soon as it can";
    default:
      return describeRecorded(order.tookMs);
  }
}

export const describeRecorded = tookMs => (tookMs ? `Recorded within ${tookMs.toLocaleString("en")} ms` : "Recorded");
