/** Short messages at the edge of the page; some can be answered, such as with "Undo". */

import { signal } from "@preact/signals";
import { Problem } from "./api.js";

const LIFETIME_MS = 6000;
/** Whoever wants to take something back needs time to see it and to reach for it. */
const ANSWERABLE_MS = 12_000;
const MOST = 3;

/** @typedef {{ label: string, act: () => unknown }} Reply */
/** @typedef {{ id: number, about: string, text: string, tone: "plain" | "trouble", replies: Reply[] }} Toast */

export const toasts = signal(/** @type {Toast[]} */ ([]));
/** @type {Map<number, ReturnType<typeof setTimeout>>} */
const timers = new Map();
let made = 0;

/**
 * @param {string} text
 * @param {"plain" | "trouble"} tone
 */
export function say(text, tone = "plain") {
  show({ about: text, text, tone, replies: [] });
}

/**
 * Says something that can be answered; of messages about the same thing only the last one stays.
 * @param {string} about
 * @param {string} text
 * @param {Reply[]} replies
 */
export function offer(about, text, replies) {
  show({ about, text, tone: "plain", replies });
}

/** @param {Omit<Toast, "id">} said */
function show(said) {
  const toast = { id: ++made, ...said };
  const others = toasts.value.filter((other) => other.about !== said.about);
  toasts.value = [...others, toast].slice(-MOST);
  release(toast);
}

/** Keeps a message for as long as somebody is at it. @param {Toast} toast */
export function hold({ id }) {
  clearTimeout(timers.get(id));
}

/** Lets a message go in its time. @param {Toast} toast */
export function release({ id, replies }) {
  clearTimeout(timers.get(id));
  timers.set(
    id,
    setTimeout(() => dismiss(id), replies.length ? ANSWERABLE_MS : LIFETIME_MS),
  );
}

/** @param {number} id */
export function dismiss(id) {
  clearTimeout(timers.get(id));
  timers.delete(id);
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

/** Unsays what turned out not to be so. @param {string} about */
export function retract(about) {
  for (const toast of toasts.value) if (toast.about === about) dismiss(toast.id);
}

/** Gives a message one of its replies. @param {Toast} toast @param {Reply} reply */
export function answer({ id }, reply) {
  dismiss(id);
  return attempt(async () => reply.act());
}

/** Takes back what was said last, as its message offers; false when there is nothing to. */
export function undoLast() {
  const toast = toasts.value.findLast(({ replies }) => replies.length > 0);
  if (!toast) return false;
  answer(toast, toast.replies[0]);
  return true;
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
