import { Announcer } from "../shared/announcer.js";
import { setText } from "../shared/dom.js";
import { remembered } from "../shared/storage.js";
import { apiKey } from "./api-key.js";
import { openStatistics, readStatistics } from "./api.js";
import { ChartPanel } from "./chart-panel.js";
import { Connection } from "./connection.js";
import { DeadLetterDialog } from "./dead-letter-dialog.js";
import { DeadLetterList } from "./dead-letter-list.js";
import { DeadLetters } from "./dead-letters.js";
import { Dependencies } from "./dependencies.js";
import { formatClock, formatLatency, formatRate } from "./format.js";
import { KeyDialog } from "./key-dialog.js";
import { LatestPurchases } from "./latest-purchases.js";
import { numberOrNull, Observations } from "./observations.js";
import { Overview } from "./overview.js";
import { Painter } from "./painter.js";
import { Partitions } from "./partitions.js";
import { isStale, verdictOn } from "./verdict.js";

/** The operations page: connects the stream of statistics, the dead letters and what is shown. */

const find = id => document.getElementById(id);

// Screen readers hear of a change once it has lasted, not of every second.
const settledAfterMs = 2_000;

const words = { connecting: "Connecting", live: "Live", waiting: "Disconnected", locked: "Locked" };
const titleMarks = { good: "", warning: "⚠ ", bad: "✖ ", unknown: "" };

const observations = new Observations();
const deadLetters = new DeadLetters();
const painter = new Painter(paint);
const connection = new Connection(openStatistics, receive);
const spanMemory = remembered("localStorage", "operations.span");

let arrived = null;
let pausedAt = null;
let verdict = { kind: null, since: 0 };
let saidKind = "connecting";

const stateAnnouncer = new Announcer(find("state-news"), find("state-alarm"));
const resultAnnouncer = new Announcer(find("announcements"), find("warnings"));
const overview = new Overview(document);
const partitions = new Partitions(document);
const dependencies = new Dependencies(find("dependencies"));
const latest = new LatestPurchases(find("latest"), find("latest-empty"));
const keyDialog = new KeyDialog(find("key-dialog"), connection);
const deadLetterDialog = new DeadLetterDialog(find("letter-dialog"), {
  onDone(letter, what) {
    resultAnnouncer.say(what);
    deadLetters.remove(letter.id);
  },
  onClosed() {
    if (!document.activeElement || document.activeElement === document.body) {
      deadLetterList.focus();
    }
  },
  onUnauthorized: () => connection.restart(),
});
const deadLetterList = new DeadLetterList(document, letter => deadLetterDialog.open(letter));

const charts = [
  new ChartPanel(find("rate-chart"), {
    heading: "Recorded per second",
    explanation: "by the answering process",
    lines: [{ name: "rate", label: "recorded", color: "--chart-1", dash: [], fill: true }],
    format: formatRate,
    smallestStep: 1,
    columns: [
      { label: "Mean", read: ({ rate }) => rate?.mean },
      { label: "Highest", read: ({ rate }) => rate?.highest },
    ],
    sumUp: ({ rate }) => (rate ? `Highest ${formatRate(rate.highest)}, mean ${formatRate(rate.mean)}.` : "No figures yet."),
  }, () => painter.request()),
  new ChartPanel(find("latency-chart"), {
    heading: "From accepted to recorded",
    explanation: "percentiles of the last 60 s",
    lines: [
      { name: "p99", label: "p99", color: "--chart-3", dash: [2, 3] },
      { name: "p95", label: "p95", color: "--chart-2", dash: [7, 3] },
      { name: "p50", label: "p50", color: "--chart-1", dash: [] },
    ],
    format: formatLatency,
    smallestStep: 0.5,
    columns: ["p50", "p95", "p99"].map(name => ({ label: `Highest ${name}`, read: summaries => summaries[name]?.highest })),
    sumUp: ({ p50, p99 }) => (p99
      ? `Highest p99 ${formatLatency(p99.highest)}, highest p50 ${formatLatency(p50.highest)}.`
      : "Nothing was recorded in this time."),
  }, () => painter.request()),
];

connection.addEventListener("change", () => {
  find("forget-key").hidden = apiKey.value === null || connection.state === "locked";
  painter.request();
});
deadLetters.addEventListener("change", () => painter.request());
document.addEventListener("visibilitychange", () => painter.request());
setInterval(() => painter.request(), 1_000); // ages and countdowns, and charts that move on without news

find("retry").addEventListener("click", () => connection.retry());
find("enter-key").addEventListener("click", () => keyDialog.open());
find("forget-key").addEventListener("click", () => {
  apiKey.forget();
  location.reload(); // nothing that the key has shown stays
});
find("pause").addEventListener("click", () => {
  pausedAt = pausedAt === null ? Date.now() : null;
  painter.request();
});
find("dead-letters-more").addEventListener("click", () => deadLetters.showMore());
find("dead-letters-older").addEventListener("click", () => showOtherDeadLetters(() => deadLetters.showOlder()));
find("dead-letters-newest").addEventListener("click", () => showOtherDeadLetters(() => deadLetters.showNewest()));

for (const choice of document.querySelectorAll("input[name=span]")) {
  choice.checked = choice.value === (spanMemory.read() ?? "300");
  choice.addEventListener("change", () => {
    spanMemory.write(choice.value);
    painter.request();
  });
}

connection.start();

// Every event says everything: of those that come between two paintings, the last one is enough.
function receive(data) {
  arrived = data;
  if (document.visibilityState === "hidden") {
    takeArrived();
  } else {
    painter.request();
  }
}

function takeArrived() {
  if (arrived === null) {
    return;
  }
  const data = arrived;
  arrived = null;
  try {
    observations.take(readStatistics(data), Date.now());
    deadLetters.note(numberOrNull(observations.latest.deadLetters));
  } catch {
    connection.trouble = "This page does not understand what the server says; reload it."; // one is of another version
  }
}

// Where the list begins anew, so does who reads it.
async function showOtherDeadLetters(show) {
  await show();
  deadLetterList.focus();
}

function paint() {
  takeArrived();
  const now = Date.now();
  showVerdict(now);
  showConnection(now);
  deadLetterList.show(deadLetters);
  if (pausedAt === null) {
    showFigures(now);
  }
}

function showVerdict(now) {
  const { kind, level, headline, detail, title, news } = verdictOn(observations, connection, now);
  if (kind !== verdict.kind) {
    verdict = { kind, since: now };
  }
  find("verdict").dataset.level = level;
  setText(find("verdict-headline"), headline);
  setText(find("verdict-detail"), detail);
  find("see-dead-letters").hidden = kind !== "dead-letters";
  find("retry").hidden = connection.state !== "waiting";
  find("enter-key").hidden = connection.state !== "locked";
  setText(document.querySelector("title"), `${titleMarks[level]}${title} · Operations`);

  if (kind !== saidKind && now - verdict.since >= settledAfterMs) {
    saidKind = kind;
    if (level === "bad") {
      stateAnnouncer.warn(news);
    } else {
      stateAnnouncer.say(news);
    }
  }
}

function showConnection(now) {
  const stale = observations.latest !== null && isStale(connection, observations.receivedAt, now);
  const pill = find("connection");
  pill.dataset.state = pausedAt !== null ? "paused" : stale && connection.state === "live" ? "waiting" : connection.state;
  setText(pill, pausedAt !== null ? `Paused at ${formatClock(pausedAt / 1000)}` : stale && connection.state === "live" ? "Silent" : words[connection.state]);
  document.body.classList.toggle("stale", stale || pausedAt !== null);
  setText(find("pause"), pausedAt === null ? "Pause" : "Resume");
}

function showFigures(now) {
  const second = Math.floor(now / 1000);
  const span = Number(document.querySelector("input[name=span]:checked")?.value ?? 300);
  for (const chart of charts) {
    chart.show(observations, second, span);
  }
  if (observations.latest !== null) {
    overview.show(observations.latest, now);
    partitions.show(observations.latest);
    dependencies.show(observations.latest);
    latest.show(observations.latest);
  }
}
