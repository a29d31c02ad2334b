/** @import { Playlist, Track } from "./types" */
/** Questions to the listener; the components that draw them are in components/dialogs.js. */

import { signal } from "@preact/signals";

/**
 * @typedef {{ kind: "confirm", title: string, text: string, action: string, answer: (yes: boolean) => void }} Confirm
 * @typedef {{ kind: "name", title: string, value: string, action: string, answer: (name: string) => void }} Naming
 * @typedef {{ kind: "pick", tracks: Track[], answer: (playlist: Playlist | null) => void }} Picking
 * @typedef {{ kind: "why", track: Track }} Why
 */

export const dialog = signal(/** @type {Confirm | Naming | Picking | Why | null} */ (null));

/** Tells why a track is recommended. @param {Track} track */
export function tellWhy(track) {
  dialog.value = { kind: "why", track };
}

/** @param {{ title: string, text: string, action: string }} question @returns {Promise<boolean>} */
export function confirm(question) {
  return new Promise((answer) => {
    dialog.value = { kind: "confirm", ...question, answer };
  });
}

/** Asks for a name; "" when the listener thinks better of it. @param {{ title: string, value: string, action: string }} question @returns {Promise<string>} */
export function askName(question) {
  return new Promise((answer) => {
    dialog.value = { kind: "name", ...question, answer };
  });
}

/** Asks which playlist gets the tracks. @param {Track[]} tracks @returns {Promise<Playlist | null>} */
export function pickPlaylist(tracks) {
  return new Promise((answer) => {
    dialog.value = { kind: "pick", tracks, answer };
  });
}
