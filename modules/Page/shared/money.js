/**
 * Money is exact: 50.0 and 12.00 are different texts, and 0.1 + 0.2 is 0.3. A JavaScript number keeps neither, so
 * prices and totals stay the text that the server wrote.
 */

const stringOrNumber = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Reads JSON like JSON.parse, except that every number comes back as its text. */
export const parseExact = json =>
  JSON.parse(json.replace(stringOrNumber, token => (token.startsWith('"') ? token : `"${token}"`)));

/** "1234.5" as "$1,234.50": at least two decimals, and never fewer than the server wrote. */
export function formatPrice(amount) {
  const [, whole, decimals = ""] = /^(\d+)(?:\.(\d+))?$/.exec(amount) ?? [];
  if (whole === undefined) {
    return `$${amount}`;
  }
  return `$${whole.replace(/\B(?=(\d{3})+$)/g, ",")}.${decimals.padEnd(2, "0")}`;
}
