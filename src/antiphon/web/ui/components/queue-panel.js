/** @import { Entry, Track } from "../types" */
/** The queue: what plays, what the listener has lined up, and what Antiphon answers after that. */

import { signal } from "@preact/signals";
import { names } from "../format.js";
import { html } from "../html.js";
import { jumpTo } from "../playback.js";
import { clearUpcoming, moved, remove } from "../queue.js";
import { current, queue } from "../queue-state.js";
import { described, useSound } from "../sound.js";
import { Attribution } from "./attribution.js";
import { Cover } from "./cover.js";
import { Discover } from "./discover.js";
import { useFlip } from "./flip.js";
import { IconButton } from "./icon.js";
import { ArtistLinks } from "./links.js";
import { NextUp } from "./next-up.js";
import { queueOpen } from "./player-bar.js";
import { Reason } from "./reason.js";
import { Grip } from "./sortable.js";

/** Long queues are folded up, so that the answers below are in sight. */
const FOLDED = 4;
const FOLDED_BEYOND = 6;
const SHOWN = 200;

const unfolded = signal(false);

export function QueuePanel() {
  return html`<aside class="queue" aria-label="Queue" data-testid="queue">
    <header class="queue-head">
      <h2>Queue</h2>
      <${Discover} />
      <${IconButton} icon="x" label="Close the queue" onClick=${() => {
        queueOpen.value = false;
      }} />
    </header>
    <div class="queue-body">
      <${Now} />
      <${UpNext} />
      <${NextUp} />
    </div>
  </aside>`;
}

function Now() {
  const entry = current.value;
  if (!entry) return null;
  const { track, reasons } = entry;
  return html`<div class="queue-now">
    <${Cover} art=${track.art_id} name=${track.album?.title ?? track.title} width=${320} eager />
    <p class="queue-title">${track.title}</p>
    <p class="queue-artist"><${ArtistLinks} credits=${track.artists} /></p>
    <${SoundLine} track=${track} />
    <${Reason} ...${{ track, reasons }} />
    <${Attribution} track=${track} />
  </div>`;
}

/** @param {{ track: Track }} props */
function SoundLine({ track }) {
  const sound = useSound(track);
  return sound && html`<p class="queue-sound" data-testid="sound">${described(sound)}</p>`;
}

function UpNext() {
  const { upcoming } = queue.value;
  const folds = upcoming.length > FOLDED_BEYOND;
  const shown = upcoming.slice(0, folds && !unfolded.value ? FOLDED : SHOWN);
  const ref = useFlip(upcoming);
  if (!upcoming.length) return null;
  /** @param {number} from @param {number} to */
  const move = (from, to) => {
    queue.value = { ...queue.value, upcoming: moved(queue.value.upcoming, from, to) };
  };
  return html`<section aria-labelledby="up-next">
    <div class="queue-section">
      <h3 id="up-next">Up next</h3>
      <button type="button" class="text-button" data-testid="queue-clear" onClick=${() => {
        queue.value = clearUpcoming(queue.value);
      }}>Clear</button>
    </div>
    <div ref=${ref} data-testid="up-next">
      ${shown.map((entry, index) => html`<${QueueRow} key=${entry.key} ...${{ entry, index, count: shown.length, move }} />`)}
    </div>
    ${
      folds &&
      html`<button type="button" class="text-button queue-fold" aria-expanded=${String(unfolded.value)}
        data-testid="queue-fold" onClick=${() => {
          unfolded.value = !unfolded.value;
        }}>${unfolded.value ? "Show fewer" : `Show all ${upcoming.length}`}</button>`
    }
  </section>`;
}

/** @param {{ entry: Entry, index: number, count: number, move: (from: number, to: number) => void }} props */
function QueueRow({ entry, index, count, move }) {
  const { track } = entry;
  return html`<div class="queue-row" data-sortable="true" data-flip=${entry.key} data-testid="up-next-item" data-track-id=${track.id}>
    <${Grip} index=${index} count=${count} label=${track.title} onMove=${move} />
    <button type="button" class="queue-press" onClick=${() => jumpTo(entry.key)} aria-label=${`Play ${track.title}`}>
      <span class="queue-names"><b>${track.title}</b><small>${names(track.artists)}</small></span>
    </button>
    <${IconButton} icon="x" label=${`Remove ${track.title}`} onClick=${() => {
      queue.value = remove(queue.value, entry.key);
    }} />
  </div>`;
}
