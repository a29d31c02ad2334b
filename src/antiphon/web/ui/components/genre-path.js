/** @import { Genre } from "../types" */
/** Where a genre stands in the tree of genres, as links up and down it. */

import { around } from "../genres.js";
import { html } from "../html.js";
import { useResource } from "../resource.js";
import { place } from "../router.js";

/** @param {{ genre: string }} props */
export function GenrePath({ genre }) {
  const { data } = useResource(genre ? "/genres" : "");
  /** @type {Genre[]} */
  const genres = data?.items ?? [];
  const { above, below } = around(genres, genre);
  if (!genre || (!above.length && !below.length)) return null;
  return html`<nav class="genre-path" aria-label="Related genres" data-testid="genre-path">
    ${above.map((name) => html`<${GenreLink} key=${name} name=${name} />`)}
    ${above.length > 0 && html`<span aria-current="true">${genre}</span>`}
    ${below.length > 0 && html`<span class="genre-below">${below.map((name) => html`<${GenreLink} key=${name} name=${name} />`)}</span>`}
  </nav>`;
}

/** @param {{ name: string }} props */
function GenreLink({ name }) {
  const { path, query } = place.value;
  const chosen = new URLSearchParams(query);
  chosen.set("genre", name);
  return html`<a class="chip" href=${`${path}?${chosen}`}>${name}</a>`;
}
