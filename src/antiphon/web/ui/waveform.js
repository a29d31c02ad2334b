/** The outline of a track as a picture: bars that stand on the middle line, to mask a colour with. */

export const BARS = 160;
/** A bar of silence can still be seen. */
const LEAST = 0.04;
const FILLED = 0.6;

/**
 * How tall each bar is, from 0 to 1: the mean of its peaks; none for what is not base64 or empty.
 * @param {string} base64 a byte for each peak
 */
export function heights(base64, bars = BARS) {
  const peaks = decoded(base64);
  if (!peaks.length) return [];
  return Array.from({ length: bars }, (_, bar) => {
    const from = Math.floor((bar * peaks.length) / bars);
    const to = Math.max(from + 1, Math.floor(((bar + 1) * peaks.length) / bars));
    const sum = peaks.slice(from, to).reduce((all, peak) => all + peak, 0);
    return sum / (to - from) / 255;
  });
}

/** @param {string} base64 @returns {number[]} */
function decoded(base64) {
  try {
    return Array.from(atob(base64), (byte) => byte.charCodeAt(0));
  } catch {
    return [];
  }
}

/**
 * A CSS image of these bars, as wide and as high as it is given room.
 * @param {number[]} bars
 */
export function picture(bars) {
  const path = bars.map((height, place) => {
    const half = Math.max(height, LEAST) * 50;
    return `M${place} ${(50 - half).toFixed(1)}h${FILLED}v${(2 * half).toFixed(1)}h-${FILLED}z`;
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${bars.length} 100" preserveAspectRatio="none"><path d="${path.join("")}"/></svg>`;
  return `url("data:image/svg+xml,${encodeURIComponent(svg)}")`;
}
