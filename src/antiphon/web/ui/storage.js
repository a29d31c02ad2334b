/** What this browser keeps between visits, as JSON in localStorage. */

const PREFIX = "antiphon.";

/**
 * Reads a kept value; what is missing or damaged reads as the fallback.
 * @template T
 * @param {string} name
 * @param {T} fallback
 * @returns {T}
 */
export function recall(name, fallback) {
  try {
    const text = localStorage.getItem(PREFIX + name);
    return text === null ? fallback : JSON.parse(text);
  } catch {
    return fallback;
  }
}

/**
 * Keeps a value; a full or forbidden storage loses it, which no page may fail from.
 * @param {string} name
 * @param {unknown} value
 */
export function keep(name, value) {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Private windows and full disks: the player goes on without memory.
  }
}
