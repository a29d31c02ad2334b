/** @import { Entry, Recommended, Track } from "../types" */
/** The queue: what plays, what the listener has lined up, and what Antiphon answers after that. */

import { nextUp } from "../answers.js";
import { names } from "../format.js";
import { html } from "../html.js";
import { playAnswer } from "../play.js";
import { jumpTo } from "../playback.js";
import { clearUpcoming, moved, remove } from "../queue.js";
import { current, queue } from "../queue-state.js";
import { described, useSound } from "../sound.js";
import { Attribution } from "./attribution.js";
import { Cover } from "./cover.js";
import { useFlip } from "./flip.js";
import { Icon, IconButton } from "./icon.js";
import { ArtistLinks } from "./links.js";
import { queueOpen } from "./player-bar.js";
import { Grip } from "./sortable.js";

const SHOWN = 200;

export function QueuePanel() {
  return html`<aside class="queue" aria-label="Queue" data-testid="queue">
    <header class="queue-head">
      <h2>Queue</h2>
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
    ${reasons.length > 0 && html`<p class="reason">${reasons[0]}</p>`}
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
  const shown = upcoming.slice(0, SHOWN);
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
    ${upcoming.length > SHOWN && html`<p class="queue-more">and ${upcoming.length - SHOWN} more</p>`}
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

function NextUp() {
  const answers = nextUp.value;
  const ref = useFlip(answers);
  return html`<section aria-labelledby="next-from">
    <div class="queue-section">
      <h3 id="next-from"><${Icon} name="audio-lines" /> Next from Antiphon</h3>
    </div>
    ${!answers.length && html`<p class="queue-more">Answers appear here once Antiphon knows some of your music.</p>`}
    <div ref=${ref} data-testid="next-up">
      ${answers.map((answer) => html`<${AnswerRow} key=${answer.track.id} answer=${answer} />`)}
    </div>
  </section>`;
}

/** @param {{ answer: Recommended }} props */
function AnswerRow({ answer }) {
  const { track, reasons } = answer;
  return html`<button
    type="button" class="queue-row queue-press" data-flip=${track.id}
    data-testid="next-up-item" data-track-id=${track.id}
    aria-label=${`Play ${track.title}, ${names(track.artists)}`}
    onClick=${() => playAnswer(answer)}
  >
    <${Cover} art=${track.art_id} name=${track.album?.title ?? track.title} width=${44} />
    <span class="queue-names">
      <b>${track.title}</b>
      <small>${names(track.artists)}</small>
      ${reasons.length > 0 && html`<small class="reason" data-testid="reason">${reasons[0]}</small>`}
    </span>
  </button>`;
}
