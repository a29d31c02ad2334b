/** @import { Entry } from "./types" */
/** Even loudness: each track is turned down or up by its gain, an album's tracks all by the album's. */

import { effect, signal } from "@preact/signals";
import { keep, recall } from "./storage.js";

export const even = signal(recall("even-loudness", true));

export function startLoudness() {
  effect(() => keep("even-loudness", even.value));
}

/**
 * What the volume is multiplied by while this plays.
 * @param {Entry | null} entry
 */
export function factorOf(entry) {
  if (!entry || !even.value) return 1;
  const { track, source } = entry;
  const gain = (source?.kind === "album" ? track.album_gain_db : null) ?? track.gain_db;
  return gain === null || gain === undefined ? 1 : 10 ** (gain / 20);
}
