/** @import { Credit, MenuItem, Source, Track } from "./types" */
/** What can be done with a track, as the items of its menu. */

import { toggleArtist, toggleTrack } from "./controls.js";
import { pickPlaylist, tellWhy } from "./dialogs.js";
import { feedbackOf, toggleFeedback } from "./feedback.js";
import * as forgetting from "./forgetting.js";
import { enqueue, mixIn, playNext, startRadio } from "./play.js";
import { addToPlaylist } from "./playlists.js";
import { isIn } from "./preferences.js";
import { seedsOfRadio } from "./radio.js";
import { navigate } from "./router.js";
import { attempt } from "./toasts.js";

/** @param {Track[]} tracks */
export function addToAPlaylist(tracks) {
  return attempt(async () => {
    const playlist = await pickPlaylist(tracks);
    if (playlist) await addToPlaylist(playlist, tracks);
  });
}

/** @param {Track} track @param {Source | null} source @returns {MenuItem[]} */
export function trackItems(track, source) {
  const [artist] = track.artists;
  /** @type {(MenuItem | null)[]} */
  const places = [
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
  return [
    { label: "Play next", icon: "list-start", act: () => playNext([track], source) },
    { label: "Add to queue", icon: "list-end", act: () => enqueue([track], source) },
    { label: "Add to a playlist…", icon: "list-plus", act: () => addToAPlaylist([track]) },
    ...radioItems(`track:${track.id}`),
    ...apart(opinionItems(track)),
    ...apart(tasteItems(track)),
    ...apart(places.filter((item) => item !== null)),
  ];
}

/** What can be said of a track. @param {Track} track @returns {MenuItem[]} */
function opinionItems(track) {
  const said = feedbackOf(track);
  const [artist] = track.artists;
  return [
    { label: "Tell me why", icon: "circle-question-mark", act: () => tellWhy(track) },
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
    {
      label: said === "ban" ? "Let me hear it again" : "Never play this track",
      icon: said === "ban" ? "undo-2" : "ban",
      act: () => toggleFeedback(track, "ban"),
    },
    ...(artist ? [banItem(artist)] : []),
  ];
}

/** What a track is to say of its listener. @param {Track} track @returns {MenuItem[]} */
function tasteItems(track) {
  const out = isIn("excluded_tracks", track.id);
  return [
    {
      label: out ? "Count it as my taste" : "Leave out of my taste",
      icon: out ? "circle-plus" : "circle-minus",
      act: () => toggleTrack(track),
    },
    {
      label: forgetting.isForgotten(track.id)
        ? "Remember that I heard it"
        : "Forget that I heard it",
      icon: forgetting.isForgotten(track.id) ? "undo-2" : "eraser",
      act: () => forgetting.toggleTrack(track),
    },
  ];
}

/** @param {Credit} artist @returns {MenuItem} */
export function banItem(artist) {
  const banned = isIn("banned_artists", artist.id);
  return {
    label: banned ? `Play ${artist.name} again` : `Never play ${artist.name}`,
    icon: banned ? "undo-2" : "user-x",
    act: () => toggleArtist(artist),
  };
}

/** @param {string} seed as in track:ID @returns {MenuItem[]} */
export function radioItems(seed) {
  const playing = seedsOfRadio();
  const start = { label: "Start radio", icon: "radio", act: () => startRadio(seed) };
  if (!playing.length || playing.includes(seed)) return [start];
  return [start, { label: "Mix into the radio", icon: "shuffle", act: () => mixIn(seed) }];
}

/** Makes a group of its own of them. @param {MenuItem[]} items */
export const apart = (items) => items.map((item, index) => ({ ...item, apart: index === 0 }));
