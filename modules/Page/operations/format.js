const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const precise = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const longestCount = 99_999_999;

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const shortClock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const dayAndYear = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "short", day: "numeric" });

/** 1,234,567; where that gets too long, 123.4M. */
export const formatCount = count => (count > longestCount ? short : whole).format(count);

/** "1 purchase", "2 purchases". */
export const counted = (count, one, many = `${one}s`) => `${formatCount(count)} ${count === 1 ? one : many}`;

/** Purchases a second, which may be a mean. */
export const formatRate = rate => `${rate < 100 && !Number.isInteger(rate) ? precise.format(rate) : formatCount(rate)}/s`;

/** Milliseconds as people say them: 0.8 ms, 12 ms, 3.2 s, 12.5 min, 3.5 h. */
export function formatLatency(milliseconds) {
  if (milliseconds < 1_000) {
    return `${milliseconds < 100 ? precise.format(milliseconds) : whole.format(milliseconds)} ms`;
  }
  const seconds = milliseconds / 1_000;
  if (seconds < 600) {
    return `${precise.format(seconds)} s`;
  }
  const minutes = seconds / 60;
  return minutes < 120 ? `${precise.format(minutes)} min` : `${precise.format(minutes / 60)} h`;
}

/** Seconds as people say them: 40 s, 3 min, 2 h 5 min, 4 d 3 h. */
export function formatDuration(seconds) {
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (minutes < 1) {
    return `${Math.max(0, Math.floor(seconds))} s`;
  }
  if (hours < 1) {
    return `${minutes} min`;
  }
  return days < 1 ? `${hours} h ${minutes % 60} min` : `${days} d ${hours % 24} h`;
}

export const formatBytes = count => (count < 10_000 ? counted(count, "byte") : `${precise.format(count / 1024)} KiB`);

export const formatClock = epochSeconds => clock.format(epochSeconds * 1000);

export const formatShortClock = epochSeconds => shortClock.format(epochSeconds * 1000);

/** The time of day, the day when it is not today, and the year when it is not this year. */
export function formatTime(epochSeconds) {
  const date = new Date(epochSeconds * 1000);
  const now = new Date();
  const time = clock.format(date);
  if (date.toDateString() === now.toDateString()) {
    return time;
  }
  return `${(date.getFullYear() === now.getFullYear() ? day : dayAndYear).format(date)}, ${time}`;
}
