/** @import { Credit, Playlist, Track } from "./types" */
/** @import { List } from "./preferences" */
/** What a listener can set; each is undone as easily as it is done. */

import { act } from "./act.js";
import { request } from "./api.js";
import { isIn, preferences, put, putOn } from "./preferences.js";

/** A hand that is still moving the slider is waited for. */
const CALM_MS = 250;
const [ONLY_FAMILIAR, FAMILIAR, NEW, ONLY_NEW] = [0.05, 0.4, 0.6, 0.95];

/** @type {ReturnType<typeof setTimeout> | undefined} */
let tuning;
/** Where the slider stood before it was moved. @type {number | null} */
let before = null;

/** Moves between the familiar (0) and the new (1). @param {number} discover */
export function tune(discover) {
  before ??= preferences.value.discover;
  put({ discover });
  clearTimeout(tuning);
  tuning = setTimeout(tuned, CALM_MS);
}

function tuned() {
  const [from, to] = [before ?? 0.5, preferences.value.discover];
  before = null;
  if (from === to) return;
  /** @param {number} discover */
  const send = (discover) => request("PATCH", "/preferences", { body: { discover } });
  act({
    about: "discover",
    text: `${inWords(to)}.`,
    show: () => put({ discover: to }),
    hide: () => put({ discover: from }),
    send: () => send(to),
    undo: () => send(from),
  });
}

/** A place between the familiar and the new. @param {number} discover */
export function inWords(discover) {
  if (discover <= ONLY_FAMILIAR) return "Only what you know";
  if (discover < FAMILIAR) return "More of what you know";
  if (discover <= NEW) return "Some of both";
  return discover < ONLY_NEW ? "More that is new to you" : "Only what is new to you";
}

/** In a private session nothing is learned. @param {boolean} on */
export function setPrivate(on) {
  /** @param {boolean} now */
  const send = (now) => request("PATCH", "/preferences", { body: { private: now } });
  return act({
    about: "private",
    text: on
      ? "Private session: nothing that you play now is learned."
      : "The private session is over. Antiphon learns again.",
    show: () => put({ private: on }),
    hide: () => put({ private: !on }),
    send: () => send(on),
    undo: () => send(!on),
  });
}

/** Never plays an artist again, or does after all. @param {Credit} artist */
export function toggleArtist(artist) {
  return toggle("banned_artists", artist, `/artists/${artist.id}/ban`, {
    on: `${artist.name} will not be played for you any more.`,
    off: `${artist.name} may be played for you again.`,
  });
}

/** Leaves a track out of what is learned, or counts it again. @param {Track} track */
export function toggleTrack(track) {
  return toggle("excluded_tracks", track, `/tracks/${track.id}/exclusion`, {
    on: `“${track.title}” says nothing of your taste any more.`,
    off: `“${track.title}” counts as your taste again.`,
  });
}

/** Leaves what is played from a playlist out of what is learned, or counts it again. @param {Playlist | Credit} playlist */
export function togglePlaylist({ id, name }) {
  return toggle("excluded_playlists", { id, name }, `/playlists/${id}/exclusion`, {
    on: `What you play from “${name}” says nothing of your taste any more.`,
    off: `What you play from “${name}” counts as your taste again.`,
  });
}

/** @param {List} list @param {Credit | Track} item @param {string} path @param {{ on: string, off: string }} said */
function toggle(list, item, path, said) {
  const on = !isIn(list, item.id);
  /** @param {boolean} now */
  const send = (now) => request(now ? "PUT" : "DELETE", path);
  return act({
    about: path,
    text: on ? said.on : said.off,
    show: () => putOn(list, item, on),
    hide: () => putOn(list, item, !on),
    send: () => send(on),
    undo: () => send(!on),
  });
}
