/** @import { Feedback, Track } from "./types" */
/** Likes, dislikes and bans: shown at once, taken back when the server refuses. */

import { signal } from "@preact/signals";
import { act } from "./act.js";
import { request } from "./api.js";
import { forget } from "./forgetting.js";
import { leave } from "./playback.js";
import { putOn } from "./preferences.js";
import { currentId } from "./queue-state.js";

/** What was said since the page was loaded, by track. */
const said = signal(/** @type {Map<string, Feedback>} */ (new Map()));

/** @type {Record<"like" | "dislike" | "ban", { on: (title: string) => string, off: (title: string) => string }>} */
const WORDS = {
  like: {
    on: (title) => `Liked “${title}”: more like it.`,
    off: (title) => `“${title}” is not liked any more.`,
  },
  dislike: {
    on: (title) => `Not for you: “${title}”, and less like it.`,
    off: (title) => `“${title}” may be played for you again.`,
  },
  ban: {
    on: (title) => `“${title}” will never be played for you.`,
    off: (title) => `“${title}” may be played for you again.`,
  },
};

/** @param {Track} track @returns {Feedback} */
export function feedbackOf(track) {
  const own = said.value.get(track.id);
  return own === undefined ? track.feedback : own;
}

/** Whether it is not to be played for this listener. @param {Track} track */
export function isUnwanted(track) {
  const feedback = feedbackOf(track);
  return feedback === "dislike" || feedback === "ban";
}

export function forgetFeedback() {
  said.value = new Map();
}

/** Says it, or takes it back when it was said before. @param {Track} track @param {"like" | "dislike" | "ban"} value */
export async function toggleFeedback(track, value) {
  const before = feedbackOf(track);
  const now = before === value ? null : value;
  const unwanted = now === "dislike" || now === "ban";
  // What is not wanted does not play on; undone, that was no skip.
  const left = unwanted && track.id === currentId.value ? leave() : null;
  await act({
    about: `feedback ${track.id}`,
    text: WORDS[value][now ? "on" : "off"](track.title),
    show: () => note(track, now),
    hide: () => note(track, before),
    send: () => send(track, now),
    undo: async () => {
      const listened = await left;
      await Promise.all([send(track, before), listened && forget(listened)]);
    },
  });
}

/** @param {Track} track @param {Feedback} value */
function send(track, value) {
  return request("PUT", `/tracks/${track.id}/feedback`, { body: { value } });
}

/** @param {Track} track @param {Feedback} value */
function note(track, value) {
  const before = feedbackOf(track);
  said.value = new Map(said.value).set(track.id, value);
  if (before === "ban" || value === "ban") putOn("banned_tracks", track, value === "ban");
}
