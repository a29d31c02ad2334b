/** Numbers and dates as people read them. */

/**
 * A time as 3:07 or 1:02:45.
 * @param {number} seconds
 */
export function clock(seconds) {
  const whole = Number.isFinite(seconds) ? Math.max(0, Math.floor(seconds)) : 0;
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = String(s).padStart(2, "0");
  return h ? `${h}:${String(m).padStart(2, "0")}:${two}` : `${m}:${two}`;
}

/**
 * A long duration as "48 min" or "3 h 20 min".
 * @param {number} ms
 */
export function duration(ms) {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 60) return `${Math.max(minutes, ms > 0 ? 1 : 0)} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/**
 * How fast work goes on and how long it will take, as "4.2 a second · 15 min left"; "" at first.
 * @param {{ done: number, total: number, started_at: number, changed_at: number }} progress
 */
export function pace({ done, total, started_at, changed_at }) {
  const seconds = (changed_at - started_at) / 1000;
  if (done <= 0 || seconds < 2) return "";
  const rate = done / seconds;
  const often = `${rate.toFixed(rate < 10 ? 1 : 0)} a second`;
  return total > done ? `${often} · ${duration(((total - done) / rate) * 1000)} left` : often;
}

/**
 * @param {number} n
 * @param {string} noun in the singular, of a regular plural
 */
export function count(n, noun) {
  return `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;
}

/** @param {{ name: string }[]} credits */
export function names(credits) {
  return credits.map((credit) => credit.name).join(", ");
}

/**
 * Whether a page may link to it: an address of another kind could run something.
 * @param {string} address
 */
export function isWebAddress(address) {
  return /^https?:\/\//i.test(address);
}

/**
 * The day of a moment: "Today", "Yesterday" or "Monday, 3 June".
 * @param {number} at milliseconds since 1970
 * @param {number} now
 */
export function day(at, now = Date.now()) {
  const date = new Date(at);
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  if (at >= midnight) return "Today";
  if (at >= midnight - 86_400_000) return "Yesterday";
  const sameYear = date.getFullYear() === new Date(now).getFullYear();
  return date.toLocaleDateString("en-GB", {
    weekday: "long",
    day: "numeric",
    month: "long",
    year: sameYear ? undefined : "numeric",
  });
}

/** @param {number} at milliseconds since 1970 */
export function hour(at) {
  return new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}
