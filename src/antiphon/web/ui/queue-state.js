/** @import { Queue } from "./types" */
/** The queue of the present listener, kept in this browser across visits. */

import { computed, signal } from "@preact/signals";
import { EMPTY } from "./queue.js";
import { keep, recall } from "./storage.js";

const KEPT = 300;

export const queue = signal(/** @type {Queue} */ (EMPTY));
export const current = computed(() => queue.value.current);
export const currentId = computed(() => queue.value.current?.track.id ?? "");

/** @param {string} user */
const name = (user) => `queue.${user}`;

/** Brings back what a listener left; returns where the needle stood, in seconds. @param {string} user */
export function restoreQueue(user) {
  const kept = recall(name(user), { queue: EMPTY, position: 0 });
  queue.value = kept.queue;
  return kept.position;
}

/** @param {string} user @param {number} position seconds */
export function keepQueue(user, position) {
  const { past, current, upcoming } = queue.value;
  const short = { past: past.slice(-30), current, upcoming: upcoming.slice(0, KEPT) };
  keep(name(user), { queue: short, position });
}
