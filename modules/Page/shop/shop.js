import { Announcer } from "../shared/announcer.js";
import { setText } from "../shared/dom.js";
import { formatPrice } from "../shared/money.js";
import { BuyButton } from "./buy-button.js";
import { catalog } from "./catalog.js";
import { CustomerForm } from "./customer-form.js";
import { loadCustomer, saveCustomer, storageKey } from "./customer.js";
import { History } from "./history.js";
import { Orders } from "./orders.js";
import { PurchaseList } from "./purchase-list.js";
import { Shelf } from "./shelf.js";
import { Watch } from "./watch.js";
import { describeHistoryTrouble, describeRecorded, describeState, describeTrouble } from "./wording.js";

/** The shop page: connects what the customer does, what the shop says and what is shown. */

const find = id => document.getElementById(id);
const firstRetryOfHistoryMs = 1_000;

let customer = loadCustomer();
let surprise = null;

const orders = new Orders();
const history = new History();
const watch = new Watch(() => pendingOrders().length > 0 || history.isWorthRetrying, look);

const announcer = new Announcer(find("announcements"), find("warnings"));
const form = new CustomerForm(document, changed => become({ ...changed, chosen: true }));
const shelf = new Shelf(find("items"), catalog, buy);
const surpriseButton = new BuyButton(find("surprise"), find("surprise"), { ready: "Surprise me" }, buySurprise);
const purchases = new PurchaseList(find("purchases-list"), {
  retry: order => orders.retry(order, customer),
  dismiss(order) {
    orders.dismiss(order);
    find("purchases-heading").focus();
  },
});

orders.addEventListener("change", ({ detail: order }) => {
  if (order.id) {
    purchases.remember(order);
  }
  if (order.state === "pending") {
    confirm(order);
    watch.wake();
  }
  announce(order);
  show();
});

history.addEventListener("change", () => {
  orders.settle(new Set(history.entries.map(entry => entry.id)));
  if (history.isWorthRetrying) {
    watch.start(firstRetryOfHistoryMs);
  }
  show();
});

find("show-older").addEventListener("click", showOlder);
find("back-to-newest").addEventListener("click", () => history.open(customer.userid));
find("history-retry").addEventListener("click", () => history.refresh());

window.addEventListener("online", () => orders.retryWaiting());
window.addEventListener("storage", event => event.key === storageKey && become(loadCustomer()));
document.addEventListener("visibilitychange", catchUp);
setInterval(() => orders.of(customer.userid).length > 0 && show(), 1_000); // countdowns

become(customer);

function become(someone) {
  customer = someone;
  saveCustomer(customer);
  orders.adoptRefused(customer);
  form.show(customer);
  if (customer.userid !== history.userid) {
    surprise = null;
    setText(find("surprise-result"), "");
    history.open(customer.userid);
    watch.wake();
  }
  show();
}

// While an item's last order is unfinished, Buy means that order: it must not become two when the shop is back.
function buy(item) {
  const unfinished = orders.unfinished(customer.userid, item.name);
  if (unfinished) {
    orders.retry(unfinished, customer);
    return unfinished;
  }
  return orders.place(customer, item);
}

function buySurprise() {
  const free = catalog.filter(item => !orders.unfinished(customer.userid, item.name));
  const candidates = free.length > 0 ? free : catalog;
  const item = candidates[Math.floor(Math.random() * candidates.length)];
  surprise = buy(item);
  setText(find("surprise-result"), `It’s the ${item.name}, for ${formatPrice(item.price)}.`);
  shelf.pointOut(item.name);
  show();
}

function confirm(order) {
  if (order === surprise) {
    surpriseButton.confirm();
  }
  shelf.confirm(order.item.name);
}

async function showOlder() {
  const [first] = await history.showOlder();
  if (first) {
    announcer.say("Older purchases are shown.");
    purchases.row(first.id).focus();
  }
}

function pendingOrders() {
  return orders.pendingOf(customer.userid);
}

async function look() {
  const pending = pendingOrders();
  await history.refresh(pending.length);
  const oldestShown = history.entries.at(-1);
  const areBelow = pending.filter(order => order.state === "pending" && Number(order.timestamp) < Number(oldestShown?.timestamp));
  if (areBelow.length > 0) {
    orders.settle(await history.readIds());
  }
  return history.trouble?.retryAfter;
}

function catchUp() {
  if (document.visibilityState === "visible" && history.startsAtNewest) {
    history.refresh();
    watch.wake();
  }
}

function announce(order) {
  const { name, price } = order.item;
  if (order.state === "pending") {
    announcer.say(`${name} bought for ${formatPrice(price)}. Pending.`);
  } else if (order.state === "recorded") {
    announcer.say(`${name}, ${formatPrice(price)}: ${describeRecorded(order.tookMs).toLowerCase()}.`);
  } else if (order.state === "waiting" && order.attempts === 1) {
    announcer.warn(`${name} is not confirmed yet. ${describeTrouble(order.trouble)} Trying again by itself.`);
  } else if (order.state === "stopped") {
    announcer.warn(`${name} is not confirmed. ${describeState(order)}`);
  } else if (order.state === "refused") {
    announcer.warn(`${name} is not bought. ${describeTrouble(order.trouble)}`);
    form.showErrors(order.trouble.fields);
  }
}

function show() {
  const mine = orders.of(customer.userid);
  shelf.show(itemName => orders.unfinished(customer.userid, itemName));
  surpriseButton.show(surprise?.state === "sending" ? "sending" : "ready");
  purchases.show(mine, history.entries);
  showTotals();

  find("purchases-empty").hidden = !history.loaded || mine.length + history.entries.length > 0;
  find("purchases-loading").hidden = history.loaded || history.trouble !== null;
  find("history-trouble").hidden = history.trouble === null;
  setText(find("history-trouble-text"), history.trouble ? describeHistoryTrouble(history.trouble) : "");
  find("back-to-newest").hidden = history.startsAtNewest;
  find("show-older").hidden = history.next === null;
}

function showTotals() {
  const { summary } = history;
  const count = summary && `${summary.purchases} ${summary.purchases === "1" ? "purchase" : "purchases"}`;
  const total = summary && formatPrice(summary.total);
  const pending = pendingOrders().length;
  setText(find("count"), count ?? "Purchases");
  setText(find("total"), total ?? "…");
  setText(find("pending-count"), pending > 0 ? `and ${pending} pending` : "");
  find("bar").hidden = summary?.purchases === "0" && pending === 0;
  setText(find("bar-text"), summary ? `${count}, ${total}` : "My purchases");
}
