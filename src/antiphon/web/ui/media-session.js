/** The system's own controls: lock screen, headset buttons, media keys. */

import { effect } from "@preact/signals";
import { artUrl } from "./art.js";
import { names } from "./format.js";
import { next, player, previous, toggle } from "./playback.js";
import { current } from "./queue-state.js";

const STEP_S = 10;

export function startMediaSession() {
  const media = navigator.mediaSession;
  if (!media) return;
  const { position } = player;
  media.setActionHandler("play", toggle);
  media.setActionHandler("pause", toggle);
  media.setActionHandler("nexttrack", next);
  media.setActionHandler("previoustrack", previous);
  media.setActionHandler("seekto", ({ seekTime }) => player.seek(seekTime ?? 0));
  media.setActionHandler("seekbackward", () => player.seek(position.value - STEP_S));
  media.setActionHandler("seekforward", () => player.seek(position.value + STEP_S));
  effect(() => describe(media));
  effect(() => place(media));
}

/** @param {MediaSession} media */
function describe(media) {
  const track = current.value?.track;
  media.playbackState = playbackState();
  media.metadata = track
    ? new MediaMetadata({
        title: track.title,
        artist: names(track.artists),
        album: track.album?.title ?? "",
        artwork: track.art_id
          ? [{ src: artUrl(track.art_id, 640), sizes: "640x640", type: "image/webp" }]
          : [],
      })
    : null;
}

function playbackState() {
  if (!current.value) return "none";
  return player.phase.value === "paused" ? "paused" : "playing";
}

/** @param {MediaSession} media */
function place(media) {
  const [at, length] = [player.position.value, player.duration.value];
  if (length > 0) media.setPositionState({ duration: length, position: Math.min(at, length) });
}
