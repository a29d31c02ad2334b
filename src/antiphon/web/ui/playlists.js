/** @import { Playlist, Track } from "./types" */
/** The listener's playlists: the list of them, and what can be done to one. */

import { signal } from "@preact/signals";
import { get, request } from "./api.js";
import { say } from "./toasts.js";

/** undefined until they have been asked for. */
export const playlists = signal(/** @type {Playlist[] | undefined} */ (undefined));

export async function refreshPlaylists() {
  try {
    playlists.value = (await get("/playlists")).items;
  } catch {
    // The page of playlists says so when it is looked at.
  }
}

/** @param {string} name @param {Track[]} tracks @returns {Promise<Playlist>} */
export async function createPlaylist(name, tracks = []) {
  const body = { name, track_ids: tracks.map((track) => track.id) };
  const made = await request("POST", "/playlists", { body });
  await refreshPlaylists();
  return made;
}

/** @param {string} id @param {string} name */
export async function renamePlaylist(id, name) {
  await request("PATCH", `/playlists/${id}`, { body: { name } });
  await refreshPlaylists();
}

/** @param {string} id */
export async function deletePlaylist(id) {
  await request("DELETE", `/playlists/${id}`);
  await refreshPlaylists();
}

/** @param {Playlist} playlist @param {Track[]} tracks */
export async function addToPlaylist(playlist, tracks) {
  const body = { track_ids: tracks.map((track) => track.id) };
  await request("POST", `/playlists/${playlist.id}/tracks`, { body });
  say(`Added to ${playlist.name}`);
  await refreshPlaylists();
}

/**
 * Stores the whole list, in its new order; 409 when somebody else changed it meanwhile.
 * @param {Playlist} playlist
 * @param {Track[]} tracks
 * @returns {Promise<Playlist>}
 */
export async function arrangePlaylist(playlist, tracks) {
  const body = { track_ids: tracks.map((track) => track.id), version: playlist.version };
  const changed = await request("PUT", `/playlists/${playlist.id}/tracks`, { body });
  await refreshPlaylists();
  return changed;
}
