/** @import { Artist } from "../types" */
/** All artists. */

import { ArtistCard } from "../components/cards.js";
import { CardSkeletons, Empty, Trouble } from "../components/notices.js";
import { NearEnd } from "../components/virtual-list.js";
import { html } from "../html.js";
import { usePages } from "../resource.js";

export function ArtistsView() {
  /** @type {ReturnType<typeof usePages<Artist>>} */
  const { items, count, complete, error, more } = usePages("/artists", { limit: 60 });
  const nothing = !count.value && complete.value;
  return html`<div>
    <header class="view-head"><h1>Artists</h1></header>
    ${error.value && !count.value && html`<${Trouble} error=${error.value} retry=${more} />`}
    ${nothing && html`<${Empty} icon="mic-vocal" title="No artists here yet">They come with the first tracks.<//>`}
    <div class="grid">${items.map((artist) => html`<${ArtistCard} key=${artist.id} artist=${artist} />`)}</div>
    ${!count.value && !nothing && !error.value && html`<${CardSkeletons} cards=${24} round />`}
    ${!complete.value && html`<${NearEnd} onReach=${more} turn=${count.value} />`}
  </div>`;
}
