/** @import { MenuItem, Source, Track } from "../types" */
/** One track in a list. */

import { feedbackOf, isUnwanted, toggleFeedback } from "../feedback.js";
import { clock, names } from "../format.js";
import { html } from "../html.js";
import { player, toggle } from "../playback.js";
import { isIn } from "../preferences.js";
import { currentId } from "../queue-state.js";
import { trackItems } from "../track-items.js";
import { Cover } from "./cover.js";
import { Icon, IconButton } from "./icon.js";
import { ArtistLinks } from "./links.js";
import { MenuButton } from "./menu.js";

/**
 * @param {{ track: Track, onPlay: () => void, source?: Source | null, number?: number, cover?: boolean,
 *   album?: boolean, artists?: boolean, testid?: string, before?: any, after?: any, sortable?: boolean, items?: MenuItem[] }} props
 */
export function TrackRow(props) {
  const {
    track,
    onPlay,
    source = null,
    number,
    cover = true,
    album = true,
    artists = true,
  } = props;
  const { testid = "track-row", before, after, sortable = false, items = [] } = props;
  const isCurrent = currentId.value === track.id;
  const said = feedbackOf(track);
  return html`<div
    class="row"
    role="group"
    aria-label=${`${track.title}, ${names(track.artists)}`}
    data-testid=${testid}
    data-track-id=${track.id}
    data-current=${isCurrent}
    data-disliked=${isUnwanted(track)}
    data-missing=${track.missing}
    data-sortable=${sortable ? "true" : undefined}
    onClick=${(/** @type {MouseEvent} */ event) => isBlank(event) && onPlay()}
  >
    ${before}
    <${PlaySpot} ...${{ track, number, cover, isCurrent, onPlay }} />
    <span class="row-main">
      <button type="button" class="row-title" onClick=${onPlay} title=${track.title}>${track.title}</button>
      <span class="row-sub">
        ${track.missing && html`<span class="tag">file is missing</span>`}
        ${said === "ban" && html`<span class="tag tag-quiet">never played</span>`}
        ${isIn("excluded_tracks", track.id) && html`<span class="tag tag-quiet" data-testid="state">not your taste</span>`}
        ${artists && html`<${ArtistLinks} credits=${track.artists} />`}
      </span>
    </span>
    ${
      album &&
      html`<span class="row-album">
        ${track.album && html`<a class="quiet-link" href=${`/albums/${track.album.id}`}>${track.album.title}</a>`}
      </span>`
    }
    <span class="row-end">
      <${IconButton}
        icon="heart"
        label=${said === "like" ? `Unlike ${track.title}` : `Like ${track.title}`}
        kind=${said === "like" ? "row-like is-on" : "row-like"}
        filled=${said === "like"}
        pressed=${said === "like"}
        onClick=${() => toggleFeedback(track, "like")}
      />
      <span class="row-time">${clock(track.duration_ms / 1000)}</span>
      <${MenuButton} label=${`More for ${track.title}`} items=${() => [...items, ...trackItems(track, source)]} testid="track-menu" />
      ${after}
    </span>
  </div>`;
}

/** @param {{ track: Track, number?: number, cover: boolean, isCurrent: boolean, onPlay: () => void }} props */
function PlaySpot({ track, number, cover, isCurrent, onPlay }) {
  const playing = isCurrent && player.phase.value === "playing";
  return html`<button
    type="button"
    class=${cover ? "play-spot" : "play-spot play-spot-number"}
    aria-label=${`${playing ? "Pause" : "Play"} ${track.title}`}
    data-testid="play-track"
    onClick=${isCurrent ? toggle : onPlay}
  >
    ${cover && html`<${Cover} art=${track.art_id} name=${track.album?.title ?? track.title} width=${44} />`}
    ${!cover && html`<span class="play-number">${number || ""}</span>`}
    <span class="play-mark">
      ${playing ? html`<${Bars} />` : html`<${Icon} name="play" filled />`}
    </span>
  </button>`;
}

function Bars() {
  return html`<span class="bars" aria-hidden="true"><i></i><i></i><i></i></span>`;
}

/** Whether a click fell on the row itself, not on something in it. @param {MouseEvent} event */
function isBlank(event) {
  return event.target instanceof Element && !event.target.closest("a, button");
}
