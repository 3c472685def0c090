import { remembered } from "../shared/storage.js";

export const storageKey = "shop.customer";

const memory = remembered("localStorage", storageKey);
const maxLength = 128;

/**
 * Who is buying. `chosen` is false as long as nobody has looked at the name we made up.
 * @typedef {{ name: string, userid: string, chosen: boolean }} Customer
 */

/** The customer this browser remembers; on the first visit, one we make up. */
export function loadCustomer() {
  const customer = memory.read();
  if (customer && !complaint(customer.name) && !idComplaint(customer.userid)) {
    return customer;
  }
  const madeUp = makeUpCustomer();
  memory.write(madeUp);
  return madeUp;
}

export const saveCustomer = customer => memory.write(customer);

/** What is wrong with a name or an item, by the rules of the server; null when nothing is. */
export function complaint(text) {
  if (typeof text !== "string" || text === "") {
    return "must not be empty";
  }
  if ([...text].length > maxLength) {
    return `must have at most ${maxLength} characters`;
  }
  if (/\p{Cc}/u.test(text)) {
    return "must not contain control characters";
  }
  if (/\p{Cs}/u.test(text)) {
    return "must be valid Unicode";
  }
  return null;
}

/** What is wrong with an id. Browsers take "." and ".." out of addresses, so no history could be asked for. */
export const idComplaint = text => complaint(text) ?? (text === "." || text === ".." ? "must not be just dots" : null);

const moods = ["Sunny", "Curious", "Cheerful", "Clever", "Gentle", "Lucky", "Merry", "Nimble", "Quiet", "Witty"];
const animals = ["Otter", "Robin", "Badger", "Hedgehog", "Puffin", "Squirrel", "Fox", "Heron", "Marmot", "Wren"];

function makeUpCustomer() {
  const [mood, animal, ...rest] = crypto.getRandomValues(new Uint8Array(5));
  const name = `${moods[mood % moods.length]} ${animals[animal % animals.length]}`;
  const suffix = rest.map(byte => byte.toString(16).padStart(2, "0")).join("");
  return { name, userid: `${name.toLowerCase().replace(" ", "-")}-${suffix}`, chosen: false };
}
