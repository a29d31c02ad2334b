/** The bar that plays: what sounds, the controls, the needle. */

import { signal } from "@preact/signals";
import { setPrivate } from "../controls.js";
import { feedbackOf, toggleFeedback } from "../feedback.js";
import { html } from "../html.js";
import { next, player, previous, toggle } from "../playback.js";
import { preferences } from "../preferences.js";
import { current, queue } from "../queue-state.js";
import { trackItems } from "../track-items.js";
import { Licence } from "./attribution.js";
import { Cover } from "./cover.js";
import { IconButton } from "./icon.js";
import { ArtistLinks } from "./links.js";
import { MenuButton } from "./menu.js";
import { SeekBar } from "./seek-bar.js";

export const queueOpen = signal(false);
let mutedAt = 0;

export function PlayerBar() {
  return html`<section class="player" aria-label="Player">
    <${NowPlaying} />
    <${Controls} />
    <${SeekBar} />
    <div class="player-side">
      ${preferences.value.private && html`<${IconButton} icon="eye-off" kind="is-on player-private" label="Private session: end it" onClick=${() => setPrivate(false)} />`}
      <${Volume} />
      <${IconButton}
        icon="list-music"
        label=${queueOpen.value ? "Hide the queue" : "Show the queue"}
        kind=${queueOpen.value ? "is-on" : ""}
        testid="queue-toggle"
        expanded=${queueOpen.value}
        onClick=${() => {
          queueOpen.value = !queueOpen.value;
        }}
      />
    </div>
  </section>`;
}

function NowPlaying() {
  const entry = current.value;
  if (!entry)
    return html`<div class="player-now"><p class="player-idle" data-testid="player-title">Nothing plays yet</p></div>`;
  const { track } = entry;
  const said = feedbackOf(track);
  return html`<div class="player-now">
    <button type="button" class="player-cover" aria-label="Show the queue" onClick=${() => {
      queueOpen.value = !queueOpen.value;
    }}>
      <${Cover} art=${track.art_id} name=${track.album?.title ?? track.title} width=${64} eager />
    </button>
    <div class="player-names">
      <a class="player-title quiet-link" data-testid="player-title" title=${track.title}
        href=${track.album ? `/albums/${track.album.id}` : "/tracks"}>${track.title}</a>
      <p class="player-artist"><${ArtistLinks} credits=${track.artists} /></p>
      <${Licence} origin=${track.origin} />
    </div>
    <div class="player-said">
      <${IconButton} icon="heart" label=${said === "like" ? "Unlike" : "Like"} testid="like"
        kind=${said === "like" ? "is-on" : ""} filled=${said === "like"} pressed=${said === "like"}
        onClick=${() => toggleFeedback(track, "like")} />
      <${IconButton} icon="thumbs-down" label="Not for me" testid="dislike" kind="player-dislike"
        pressed=${said === "dislike"} filled=${said === "dislike"} onClick=${() => toggleFeedback(track, "dislike")} />
      <span class="player-menu"><${MenuButton} label="More" items=${() => trackItems(track, entry.source)} /></span>
    </div>
  </div>`;
}

function Controls() {
  const busy = player.phase.value === "loading";
  const sounding = busy || player.phase.value === "playing";
  return html`<div class="player-controls">
    <${IconButton} icon="skip-back" label="Previous" testid="player-prev" filled kind="player-prev"
      disabled=${!current.value && !queue.value.past.length} onClick=${previous} />
    <${IconButton} icon=${sounding ? "pause" : "play"} label=${sounding ? "Pause" : "Play"} filled
      testid="player-play" kind=${busy ? "player-play is-busy" : "player-play"} onClick=${toggle} />
    <${IconButton} icon="skip-forward" label="Next" testid="player-next" filled kind="player-next" onClick=${next} />
  </div>`;
}

function Volume() {
  const level = player.volume.value;
  return html`<div class="volume">
    <${IconButton} icon=${level > 0 ? "volume-2" : "volume-x"} label=${level > 0 ? "Mute" : "Unmute"} onClick=${() => {
      if (level > 0) mutedAt = level;
      player.setVolume(level > 0 ? 0 : mutedAt || 0.8);
    }} />
    <input type="range" class="slider" aria-label="Volume" min="0" max="1" step="0.02" value=${level}
      data-testid="player-volume" style=${{ "--share": level }}
      onInput=${(/** @type {InputEvent} */ event) => player.setVolume(numberOf(event))} />
  </div>`;
}

/** @param {Event} event */
const numberOf = (event) => Number(/** @type {HTMLInputElement} */ (event.currentTarget).value);
