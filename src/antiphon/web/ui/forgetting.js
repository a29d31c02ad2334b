/** @import { Heard, Listened, Track } from "./types" */
/** Forgetting what was heard: then it is as if it had never been. */

import { signal } from "@preact/signals";
import { act } from "./act.js";
import { request } from "./api.js";

/** What was forgotten (true) or brought back (false) since the page was loaded: listens, and whole tracks. */
const said = signal(/** @type {Map<string, boolean>} */ (new Map()));

/** @param {string} id of a listen or a track @param {boolean} otherwise what the server said */
export function isForgotten(id, otherwise = false) {
  return said.value.get(id) ?? otherwise;
}

/** Another listener remembers other things. */
export function forgetForgotten() {
  said.value = new Map();
}

/** Forgets a listen that has just ended. @param {Listened} listened */
export const forget = ({ id }) => request("PUT", pathOf(id));

/** Forgets a listen of the history, or brings it back. @param {Pick<Heard, "id" | "track">} heard @param {boolean} forgotten what it is now */
export function toggleListen({ id, track }, forgotten) {
  return act({
    about: pathOf(id),
    text: forgotten ? `Remembered again: “${track.title}”.` : `Forgotten: “${track.title}”.`,
    show: () => note(id, !forgotten),
    hide: () => note(id, forgotten),
    send: () => request(forgotten ? "DELETE" : "PUT", pathOf(id)),
    undo: () => request(forgotten ? "PUT" : "DELETE", pathOf(id)),
  });
}

/** Forgets all listens of a track, or brings them back. @param {Pick<Track, "id" | "title">} track */
export function toggleTrack({ id, title }) {
  const path = `/tracks/${id}/forgotten`;
  const forgotten = isForgotten(id);
  const [text, send, undo] = forgotten
    ? [`Remembered again: every time you heard “${title}”.`, "DELETE", "PUT"]
    : [`Forgotten: that you ever heard “${title}”.`, "PUT", "DELETE"];
  return act({
    about: path,
    text,
    show: () => note(id, !forgotten),
    hide: () => note(id, forgotten),
    send: () => request(send, path),
    undo: () => request(undo, path),
  });
}

/** @param {string} id */
const pathOf = (id) => `/history/${encodeURIComponent(id)}/forgotten`;

/** @param {string} id @param {boolean} forgotten */
function note(id, forgotten) {
  said.value = new Map(said.value).set(id, forgotten);
}
