/** @import { Heard } from "../types" */
/** What was heard, by day. */

import { Empty, RowSkeletons, Trouble } from "../components/notices.js";
import { TrackRow } from "../components/track-row.js";
import { NearEnd } from "../components/virtual-list.js";
import { clock, day, hour } from "../format.js";
import { html } from "../html.js";
import { playTracks } from "../play.js";
import { usePages } from "../resource.js";

/** @type {Record<string, string>} */
const ENDS = { skipped: "skipped", stopped: "stopped" };

export function HistoryView() {
  /** @type {ReturnType<typeof usePages<Heard>>} */
  const { items, count, complete, error, more } = usePages("/history", { limit: 60 });
  const nothing = !count.value && complete.value;
  return html`<div>
    <header class="view-head"><h1>Listening history</h1></header>
    ${error.value && !count.value && html`<${Trouble} error=${error.value} retry=${more} />`}
    ${!count.value && !nothing && !error.value && html`<${RowSkeletons} rows=${12} />`}
    ${
      nothing &&
      html`<${Empty} icon="history" title="Nothing heard yet">What you play is written down here, for you alone.<//>`
    }
    ${days(items).map(
      ([name, heard]) => html`<section key=${name} class="part">
        <h2>${name}</h2>
        <div class="rows">${heard.map((item) => html`<${HeardRow} key=${item.id} item=${item} />`)}</div>
      </section>`,
    )}
    ${!complete.value && html`<${NearEnd} onReach=${more} turn=${count.value} />`}
  </div>`;
}

/** @param {{ item: Heard }} props */
function HeardRow({ item }) {
  const source = { kind: /** @type {const} */ ("history"), id: item.id };
  const end = ENDS[item.ended] ? `, ${ENDS[item.ended]} after ${clock(item.played_ms / 1000)}` : "";
  return html`<${TrackRow}
    track=${item.track} source=${source}
    after=${html`<span class="row-when" title=${`${hour(item.at)}${end}`}>${hour(item.at)}<small>${ENDS[item.ended] ?? ""}</small></span>`}
    onPlay=${() => playTracks([item.track], 0, source)}
  />`;
}

/** @param {Heard[]} items latest first @returns {[string, Heard[]][]} */
function days(items) {
  return [...Map.groupBy(items, (item) => day(item.at))];
}
