/** Real playing time of one listen: it runs while sound comes out, wherever the needle stands. */

/** @typedef {{ played: number, since: number | null }} Clock played in ms; since: when it last ran on */

/** @returns {Clock} */
export const stopped = () => ({ played: 0, since: null });

/** @param {Clock} clock @param {number} now ms on a monotonic clock @returns {Clock} */
export function run(clock, now) {
  return clock.since === null ? { ...clock, since: now } : clock;
}

/** @param {Clock} clock @param {number} now @returns {Clock} */
export function hold(clock, now) {
  return { played: playedMs(clock, now), since: null };
}

/** @param {Clock} clock @param {number} now */
export function playedMs(clock, now) {
  const running = clock.since === null ? 0 : Math.max(0, now - clock.since);
  return Math.round(clock.played + running);
}
