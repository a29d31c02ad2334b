/** @import { Listened } from "./types" */
/** Skips count against what was skipped: that is said, and can be taken back, one by one or all. */

import { tell } from "./act.js";
import { withdraw } from "./events.js";
import { forget } from "./forgetting.js";
import { isIn, preferences } from "./preferences.js";
import { offer, say, toasts } from "./toasts.js";

const ABOUT = "skip";
/** Whoever has heard so much of a track says hardly anything against it by going on. */
const NEARLY_HEARD = 0.8;

/** Those that the message on the page speaks of. @type {Listened[]} */
let skips = [];

/** Says what a skip means. @param {Listened} listened */
export function sayOfSkip(listened) {
  if (!counts(listened)) return;
  const isOpen = toasts.value.some(({ about }) => about === ABOUT);
  show(isOpen ? [...skips, listened] : [listened]);
}

/** Whether it counts against the track at all. @param {Listened} listened */
function counts({ entry: { track, source }, playedMs }) {
  if (preferences.value.private || isIn("excluded_tracks", track.id)) return false;
  if (source?.kind === "playlist" && isIn("excluded_playlists", source.id)) return false;
  return playedMs < NEARLY_HEARD * track.duration_ms;
}

/** @param {Listened[]} now */
function show(now) {
  skips = now;
  const last = now.at(-1);
  if (!last) return;
  const all = { label: "Undo all", act: () => takeBack(now) };
  offer(ABOUT, described(now), [
    { label: "Undo", act: () => takeBack([last]) },
    ...(now.length > 1 ? [all] : []),
  ]);
}

/** @param {Listened[]} listens oldest first */
export function described(listens) {
  const title = listens.at(-1)?.entry.track.title;
  if (listens.length === 1) return `Skipped “${title}”: less like it.`;
  return `Skipped “${title}” and ${listens.length - 1} more: less like them.`;
}

/** @param {Listened[]} some */
async function takeBack(some) {
  show(skips.filter((skip) => !some.includes(skip)));
  /** @type {Listened[]} */
  const sent = [];
  for (const skip of some) if (!(await withdraw(skip.id))) sent.push(skip);
  try {
    await tell(() => Promise.all(sent.map(forget)));
  } catch (error) {
    show([...sent, ...skips]);
    throw error;
  }
  if (!skips.length) say("Taken back.");
}
