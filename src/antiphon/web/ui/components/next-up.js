/** @import { From, Recommended } from "../types" */
/** What Antiphon answers: it moves as one listens, and says what moved it. */

import { answers, nextUp, sourceOf } from "../answers.js";
import { names } from "../format.js";
import { html } from "../html.js";
import { playAnswer } from "../play.js";
import { trackItems } from "../track-items.js";
import { Cover } from "./cover.js";
import { useFlip } from "./flip.js";
import { Icon } from "./icon.js";
import { MenuButton } from "./menu.js";
import { Reason } from "./reason.js";

export function NextUp() {
  const { version, event, note } = answers.value;
  const items = nextUp.value;
  const ref = useFlip(items);
  return html`<section aria-labelledby="next-from">
    <div class="queue-section">
      <h3 id="next-from"><${Icon} name="audio-lines" /> Next from Antiphon</h3>
    </div>
    <p class="queue-note" role="status" data-testid="note">${note}</p>
    ${!items.length && html`<p class="queue-more">Answers appear here once Antiphon knows some of your music.</p>`}
    <div ref=${ref} data-testid="next-up" data-version=${version} data-event=${event}>
      ${items.map((item) => html`<${AnswerRow} key=${item.track.id} item=${item} from=${answers.value} />`)}
    </div>
  </section>`;
}

/** @param {{ item: Recommended, from: From }} props */
function AnswerRow({ item, from }) {
  const { track, reasons } = item;
  return html`<div class="queue-row" data-flip=${track.id} data-testid="next-up-item" data-track-id=${track.id}>
    <button type="button" class="queue-cover" tabindex="-1" aria-hidden="true" onClick=${() => playAnswer(item, from)}>
      <${Cover} art=${track.art_id} name=${track.album?.title ?? track.title} width=${44} />
    </button>
    <span class="queue-names">
      <button type="button" class="queue-play" aria-label=${`Play ${track.title}, ${names(track.artists)}`}
        onClick=${() => playAnswer(item, from)}>
        <b>${track.title}</b><small>${names(track.artists)}</small>
      </button>
      <${Reason} ...${{ track, reasons }} />
    </span>
    <${MenuButton} label=${`More for ${track.title}`} items=${() => trackItems(track, sourceOf(from))} />
  </div>`;
}
