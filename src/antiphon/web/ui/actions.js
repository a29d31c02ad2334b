/** @import { Album, Credit, MenuItem, Playlist, Source, Track } from "./types" */
/** What can be done with an album, an artist or a playlist, as the items of its menu. */

import { get } from "./api.js";
import { togglePlaylist } from "./controls.js";
import { askName, confirm } from "./dialogs.js";
import { enqueue, playNext, playTracks } from "./play.js";
import { createPlaylist, deletePlaylist, renamePlaylist } from "./playlists.js";
import { isIn } from "./preferences.js";
import { navigate } from "./router.js";
import { attempt, say } from "./toasts.js";
import { addToAPlaylist, apart, banItem, radioItems } from "./track-items.js";

/** @param {Credit} artist @returns {MenuItem[]} */
export const artistItems = (artist) => [
  ...radioItems(`artist:${artist.id}`),
  ...apart([banItem(artist)]),
];

/** @param {Album} album @returns {MenuItem[]} */
export function albumItems(album) {
  const source = albumSource(album.id);
  /** @param {(tracks: Track[]) => unknown} use */
  const withTracks = (use) => () => attempt(async () => use(await albumTracks(album.id)));
  return [
    { label: "Play next", icon: "list-start", act: withTracks((t) => playNext(t, source)) },
    { label: "Add to queue", icon: "list-end", act: withTracks((t) => enqueue(t, source)) },
    { label: "Add to a playlist…", icon: "list-plus", act: withTracks(addToAPlaylist) },
    ...radioItems(`album:${album.id}`),
  ];
}

/** @param {string} id @returns {Source} */
export const albumSource = (id) => ({ kind: "album", id });

/** @param {string} id @returns {Promise<Track[]>} */
const albumTracks = async (id) => (await get(`/albums/${id}`)).tracks;

/** @param {string} id */
export function playAlbum(id) {
  return attempt(async () => playTracks(await albumTracks(id), 0, albumSource(id)));
}

/** @param {Track[]} tracks */
export function newPlaylist(tracks = []) {
  return attempt(async () => {
    const name = await askName({ title: "New playlist", value: "", action: "Create" });
    if (!name) return;
    const made = await createPlaylist(name, tracks);
    navigate(`/playlists/${made.id}`);
  });
}

/** @param {Playlist} playlist @param {() => void} done @returns {MenuItem[]} */
export function playlistItems(playlist, done) {
  const rename = async () => {
    const name = await askName({
      title: "Rename playlist",
      value: playlist.name,
      action: "Rename",
    });
    if (name) await renamePlaylist(playlist.id, name);
    done();
  };
  const remove = async () => {
    const text = `“${playlist.name}” will be gone for good. Its tracks stay in the library.`;
    if (!(await confirm({ title: "Delete this playlist?", text, action: "Delete" }))) return;
    await deletePlaylist(playlist.id);
    say(`Deleted ${playlist.name}`);
    navigate("/playlists", { replace: true });
  };
  const out = isIn("excluded_playlists", playlist.id);
  return [
    ...radioItems(`playlist:${playlist.id}`),
    {
      label: out ? "Count it as my taste" : "Leave out of my taste",
      icon: out ? "circle-plus" : "circle-minus",
      act: () => togglePlaylist(playlist),
      apart: true,
    },
    {
      label: "Rename…",
      icon: "pencil",
      act: () => attempt(rename),
      testid: "playlist-rename",
      apart: true,
    },
    { label: "Delete…", icon: "trash-2", act: () => attempt(remove), testid: "playlist-delete" },
  ];
}
