/** @import { Album, MenuItem, Playlist, Source, Track } from "./types" */
/** What can be done with a track, an album or an artist, as the items of its menu. */

import { get } from "./api.js";
import { askName, confirm, pickPlaylist } from "./dialogs.js";
import { feedbackOf, toggleFeedback } from "./feedback.js";
import { enqueue, playNext, playTracks, startRadio } from "./play.js";
import { addToPlaylist, createPlaylist, deletePlaylist, renamePlaylist } from "./playlists.js";
import { navigate } from "./router.js";
import { attempt, say } from "./toasts.js";

/** @param {Track[]} tracks */
function addToAPlaylist(tracks) {
  return attempt(async () => {
    const playlist = await pickPlaylist(tracks);
    if (playlist) await addToPlaylist(playlist, tracks);
  });
}

/** @param {Track} track @param {Source | null} source @returns {MenuItem[]} */
export function trackItems(track, source) {
  const said = feedbackOf(track);
  const [artist] = track.artists;
  /** @type {(MenuItem | null)[]} */
  const items = [
    { label: "Play next", icon: "list-start", act: () => playNext([track], source) },
    { label: "Add to queue", icon: "list-end", act: () => enqueue([track], source) },
    { label: "Add to a playlist…", icon: "list-plus", act: () => addToAPlaylist([track]) },
    { label: "Start radio", icon: "radio", act: () => startRadio(`track:${track.id}`) },
    {
      label: said === "like" ? "Unlike" : "Like",
      icon: "heart",
      act: () => toggleFeedback(track, "like"),
    },
    {
      label: said === "dislike" ? "Let me hear it again" : "Not for me",
      icon: said === "dislike" ? "undo-2" : "thumbs-down",
      act: () => toggleFeedback(track, "dislike"),
    },
    track.album && {
      label: "Go to album",
      icon: "disc-3",
      act: () => navigate(`/albums/${track.album?.id}`),
    },
    artist && {
      label: "Go to artist",
      icon: "mic-vocal",
      act: () => navigate(`/artists/${artist.id}`),
    },
  ];
  return items.filter((item) => item !== null);
}

/** @param {Album} album @returns {MenuItem[]} */
export function albumItems(album) {
  const source = albumSource(album.id);
  /** @param {(tracks: Track[]) => unknown} use */
  const withTracks = (use) => () => attempt(async () => use(await albumTracks(album.id)));
  return [
    { label: "Play next", icon: "list-start", act: withTracks((t) => playNext(t, source)) },
    { label: "Add to queue", icon: "list-end", act: withTracks((t) => enqueue(t, source)) },
    { label: "Add to a playlist…", icon: "list-plus", act: withTracks(addToAPlaylist) },
    { label: "Start radio", icon: "radio", act: () => startRadio(`album:${album.id}`) },
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
  return [
    { label: "Rename…", icon: "pencil", act: () => attempt(rename), testid: "playlist-rename" },
    { label: "Delete…", icon: "trash-2", act: () => attempt(remove), testid: "playlist-delete" },
  ];
}
