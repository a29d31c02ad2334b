/** Short messages at the edge of the page. */

import { signal } from "@preact/signals";
import { Problem } from "./api.js";

const LIFETIME_MS = 6000;
const MOST = 3;

/** @typedef {{ id: number, text: string, tone: "plain" | "trouble" }} Toast */

export const toasts = signal(/** @type {Toast[]} */ ([]));
let made = 0;

/**
 * @param {string} text
 * @param {"plain" | "trouble"} tone
 */
export function say(text, tone = "plain") {
  const toast = { id: ++made, text, tone };
  const others = toasts.value.filter((other) => other.text !== text);
  toasts.value = [...others, toast].slice(-MOST);
  setTimeout(() => dismiss(toast.id), LIFETIME_MS);
}

/** @param {number} id */
export function dismiss(id) {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

/**
 * Shows an error in the server's own words; an aborted request and a lapsed session are no news.
 * @param {unknown} error
 */
export function sayError(error) {
  if (error instanceof DOMException && error.name === "AbortError") return;
  if (error instanceof Problem && error.status === 401) return;
  if (!(error instanceof Problem)) console.error(error);
  say(error instanceof Problem ? error.detail : "Something went wrong in the player.", "trouble");
}

/**
 * Runs what a listener asked for, and says so when it fails.
 * @param {() => Promise<unknown>} action
 */
export function attempt(action) {
  return action().catch(sayError);
}
