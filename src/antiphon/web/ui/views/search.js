/** @import { Album, Artist, Track } from "../types" */
/** Search as one types; a new letter gives up the answer to the old ones. */

import { useRef } from "preact/hooks";
import { query } from "../api.js";
import { AlbumCard, ArtistCard } from "../components/cards.js";
import { Empty, RowSkeletons, Trouble } from "../components/notices.js";
import { TrackList } from "../components/track-list.js";
import { count } from "../format.js";
import { html } from "../html.js";
import { useResource } from "../resource.js";
import { place } from "../router.js";

/** @typedef {{ tracks: Track[], albums: Album[], artists: Artist[] }} Found */

export function SearchView() {
  const q = place.value.query.get("q") ?? "";
  const { data, error, reload } = useResource(q ? query("/search", { q, limit: 8 }) : "");
  const last = useRef(/** @type {Found | undefined} */ (undefined));
  last.current = q ? (data ?? last.current) : undefined;
  const found = last.current;
  if (!q)
    return html`<${Empty} icon="search" title="What would you like to hear?">Type a title, an album or an artist.<//>`;
  if (error && !data) return html`<${Trouble} error=${error} retry=${reload} />`;
  if (!found) return html`<${RowSkeletons} />`;
  return html`<div aria-busy=${!data}>
    <h1 class="visually-hidden">Results for ${q}</h1>
    <p class="visually-hidden" role="status">${data && summary(found)}</p>
    <${Results} found=${found} q=${q} />
  </div>`;
}

/** What a screen reader says of it. @param {Found} found */
function summary({ tracks, albums, artists }) {
  return [
    count(tracks.length, "track"),
    count(albums.length, "album"),
    count(artists.length, "artist"),
  ].join(", ");
}

/** @param {{ found: Found, q: string }} props */
function Results({ found: { tracks, albums, artists }, q }) {
  const source = { kind: /** @type {const} */ ("search"), id: q };
  if (!tracks.length && !albums.length && !artists.length)
    return html`<${Empty} icon="search" title="Nothing found">Nothing here is called “${q}”.<//>`;
  return html`
    ${
      tracks.length > 0 &&
      html`<section class="part"><h2>Tracks</h2>
      <${TrackList} tracks=${tracks} source=${source} testid="search-result" alone /></section>`
    }
    ${
      artists.length > 0 &&
      html`<section class="part"><h2>Artists</h2>
      <div class="grid">${artists.map((artist) => html`<${ArtistCard} key=${artist.id} artist=${artist} testid="search-result" />`)}</div></section>`
    }
    ${
      albums.length > 0 &&
      html`<section class="part"><h2>Albums</h2>
      <div class="grid">${albums.map((album) => html`<${AlbumCard} key=${album.id} album=${album} testid="search-result" />`)}</div></section>`
    }
  `;
}
