/** @import { Credit, Preferences, Track } from "./types" */
/** What the listener has set: how far from the familiar, what to leave out, whether to learn at all. */

import { signal } from "@preact/signals";
import { get } from "./api.js";

/** @type {Preferences} */
const NONE = {
  discover: 0.5,
  private: false,
  private_since: 0,
  banned_artists: [],
  banned_tracks: [],
  excluded_tracks: [],
  excluded_playlists: [],
};
/** What was said so lately may not stand in the server's answer yet. */
const FRESH_MS = 5000;

export const preferences = signal(NONE);
let saidAt = Number.NEGATIVE_INFINITY;

/** @typedef {"banned_artists" | "banned_tracks" | "excluded_tracks" | "excluded_playlists"} List */

/** Asks the server, unless the page knows better. */
export async function refreshPreferences() {
  if (performance.now() - saidAt < FRESH_MS) return;
  const asked = saidAt;
  const known = await get("/preferences");
  if (saidAt === asked) preferences.value = known;
}

export function forgetPreferences() {
  preferences.value = NONE;
  saidAt = Number.NEGATIVE_INFINITY;
}

/** Shows what the listener has just said. @param {Partial<Preferences>} said */
export function put(said) {
  saidAt = performance.now();
  preferences.value = { ...preferences.value, ...said };
}

/** @param {List} list @param {string} id */
export function isIn(list, id) {
  return preferences.value[list].some((item) => item.id === id);
}

/** Puts something on a list, or takes it off. @param {List} list @param {Credit | Track} item @param {boolean} on */
export function putOn(list, item, on) {
  const others = preferences.value[list].filter(({ id }) => id !== item.id);
  put({ [list]: on ? [item, ...others] : others });
}
