/** @import { Feedback, Track } from "./types" */
/** Likes and dislikes: shown at once, taken back when the server refuses. */

import { signal } from "@preact/signals";
import { refreshAnswers } from "./answers.js";
import { request } from "./api.js";
import { next } from "./playback.js";
import { currentId } from "./queue-state.js";
import { say, sayError } from "./toasts.js";

/** What was said since the page was loaded, by track. */
const said = signal(/** @type {Map<string, Feedback>} */ (new Map()));

/** @param {Track} track @returns {Feedback} */
export function feedbackOf(track) {
  const own = said.value.get(track.id);
  return own === undefined ? track.feedback : own;
}

export function forgetFeedback() {
  said.value = new Map();
}

/** Says it, or takes it back when it was said before. @param {Track} track @param {"like" | "dislike"} value */
export async function toggleFeedback(track, value) {
  const before = feedbackOf(track);
  const now = before === value ? null : value;
  note(track, now);
  if (now === "dislike")
    say(`Not for you: ${track.title}. Antiphon will not play it for you again.`);
  const skips = now === "dislike" && track.id === currentId.value;
  try {
    await Promise.all([send(track, now), skips && next()]);
    await refreshAnswers();
  } catch (error) {
    note(track, before);
    sayError(error);
  }
}

/** @param {Track} track @param {Feedback} value */
function send(track, value) {
  return request("PUT", `/tracks/${track.id}/feedback`, { body: { value } });
}

/** @param {Track} track @param {Feedback} value */
function note(track, value) {
  said.value = new Map(said.value).set(track.id, value);
}
