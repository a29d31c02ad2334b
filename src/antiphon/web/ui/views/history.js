/** @import { Heard } from "../types" */
/** What was heard, by day. */

import { Select } from "../components/filters.js";
import { Empty, RowSkeletons, Trouble } from "../components/notices.js";
import { TrackRow } from "../components/track-row.js";
import { NearEnd } from "../components/virtual-list.js";
import { isForgotten, toggleListen } from "../forgetting.js";
import { clock, day, hour } from "../format.js";
import { html } from "../html.js";
import { playTracks } from "../play.js";
import { usePages } from "../resource.js";
import { place } from "../router.js";

/** @type {Record<string, string>} */
const ENDS = { skipped: "skipped", stopped: "stopped" };

const WHICH = { "": "What you heard", true: "What you had forgotten" };

export function HistoryView() {
  const forgotten = place.value.query.get("forgotten") ?? "";
  /** @type {ReturnType<typeof usePages<Heard>>} */
  const { items, count, complete, error, more } = usePages("/history", { limit: 60, forgotten });
  const nothing = !count.value && complete.value;
  return html`<div>
    <header class="view-head">
      <h1>Listening history</h1>
      <${Select} name="forgotten" label="Which listens" value=${forgotten} options=${WHICH} />
    </header>
    ${error.value && !count.value && html`<${Trouble} error=${error.value} retry=${more} />`}
    ${!count.value && !nothing && !error.value && html`<${RowSkeletons} rows=${12} />`}
    ${nothing && (forgotten ? NOTHING_FORGOTTEN : NOTHING_HEARD)}
    ${days(items).map(
      ([name, heard]) => html`<section key=${name} class="part">
        <h2>${name}</h2>
        <div class="rows">${heard.map((item) => html`<${HeardRow} key=${item.id} ...${{ item, forgotten: isForgotten(item.id, forgotten === "true") }} />`)}</div>
      </section>`,
    )}
    ${!complete.value && html`<${NearEnd} onReach=${more} turn=${count.value} />`}
  </div>`;
}

const NOTHING_HEARD = html`<${Empty} icon="history" title="Nothing heard yet">
  What you play is written down here, for you alone.
<//>`;
const NOTHING_FORGOTTEN = html`<${Empty} icon="eraser" title="Nothing forgotten">
  What you have Antiphon forget stands here, in case you want it back.
<//>`;

/** @param {{ item: Heard, forgotten: boolean }} props */
function HeardRow({ item, forgotten }) {
  const source = { kind: /** @type {const} */ ("history"), id: item.id };
  const end = ENDS[item.ended] ? `, ${ENDS[item.ended]} after ${clock(item.played_ms / 1000)}` : "";
  return html`<${TrackRow}
    track=${item.track} source=${source} items=${[forgetting(item, forgotten)]}
    after=${html`<span class="row-when" title=${`${hour(item.at)}${end}`}>${hour(item.at)}<small>${forgotten ? "forgotten" : (ENDS[item.ended] ?? "")}</small></span>`}
    onPlay=${() => playTracks([item.track], 0, source)}
  />`;
}

/** @param {Heard} item @param {boolean} forgotten */
const forgetting = (item, forgotten) => ({
  label: forgotten ? "Bring this listen back" : "Forget this listen",
  icon: forgotten ? "undo-2" : "eraser",
  act: () => toggleListen(item, forgotten),
  testid: "forget-listen",
});

/** @param {Heard[]} items latest first @returns {[string, Heard[]][]} */
function days(items) {
  return [...Map.groupBy(items, (item) => day(item.at))];
}
