/** @import { Album } from "../types" */
/** All albums: a grid that is sorted, filtered by genre, and grows as it is scrolled. */

import { AlbumCard } from "../components/cards.js";
import { GenreSelect, Select } from "../components/filters.js";
import { GenrePath } from "../components/genre-path.js";
import { CardSkeletons, Empty, Trouble } from "../components/notices.js";
import { RadioButton } from "../components/page-head.js";
import { NearEnd } from "../components/virtual-list.js";
import { html } from "../html.js";
import { startRadio } from "../play.js";
import { usePages } from "../resource.js";
import { place } from "../router.js";

const SORTS = { added: "Newest first", title: "Title", artist: "Artist", year: "Year" };

export function AlbumsView() {
  const { query } = place.value;
  const genre = query.get("genre") ?? "";
  const sort = query.get("sort") ?? "added";
  const pages = usePages("/albums", { sort, genre, limit: 60 });
  return html`<div>
    <header class="view-head">
      <h1>${genre || "Albums"}</h1>
      <div class="filters">
        ${genre && html`<${RadioButton} onClick=${() => startRadio(`genre:${genre}`)} />`}
        <${GenreSelect} genre=${genre} />
        <${Select} name="sort" label="Sort by" value=${sort} options=${SORTS} />
      </div>
    </header>
    <${GenrePath} genre=${genre} />
    <${AlbumGrid} pages=${pages} />
  </div>`;
}

/** @param {{ pages: ReturnType<typeof import("../pages.js").createPages<Album>> }} props */
function AlbumGrid({ pages }) {
  const { items, count, complete, error, more } = pages;
  if (error.value && !count.value) return html`<${Trouble} error=${error.value} retry=${more} />`;
  if (!count.value && complete.value)
    return html`<${Empty} icon="disc-3" title="No albums here yet">
      Once the scan has found music, its albums stand here.
    <//>`;
  return html`<div>
    <div class="grid">${items.map((album) => html`<${AlbumCard} key=${album.id} album=${album} />`)}</div>
    ${!count.value && html`<${CardSkeletons} cards=${24} />`}
    ${!complete.value && html`<${NearEnd} onReach=${more} turn=${count.value} />`}
  </div>`;
}
