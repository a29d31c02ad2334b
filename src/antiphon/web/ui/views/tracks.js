/** All tracks, and the liked ones: lists of any length. */

import { GenreSelect, Select } from "../components/filters.js";
import { GenrePath } from "../components/genre-path.js";
import { Empty } from "../components/notices.js";
import { RadioButton, ShuffleButton } from "../components/page-head.js";
import { PagedTrackList } from "../components/track-list.js";
import { html } from "../html.js";
import { playShuffled, startRadio } from "../play.js";
import { usePages } from "../resource.js";
import { place } from "../router.js";

const PAGE = 200;
const SORTS = { title: "Title", added: "Newest first" };
const LIKED = { kind: /** @type {const} */ ("playlist"), id: "liked" };

export function TracksView() {
  const { query } = place.value;
  const genre = query.get("genre") ?? "";
  const sort = query.get("sort") ?? "title";
  const pages = usePages("/tracks", { sort, genre, limit: PAGE });
  const empty = html`<${Empty} icon="music" title="No tracks here yet">
    Once the scan has found music, its tracks stand here.
  <//>`;
  return html`<div>
    <header class="view-head">
      <h1>${genre || "Tracks"}</h1>
      <div class="filters">
        ${genre && html`<${ShuffleButton} onClick=${() => playShuffled(`genre:${genre}`, { kind: "tracks", id: genre })} />`}
        ${genre && html`<${RadioButton} onClick=${() => startRadio(`genre:${genre}`)} />`}
        <${GenreSelect} genre=${genre} />
        <${Select} name="sort" label="Sort by" value=${sort} options=${SORTS} />
      </div>
    </header>
    <${GenrePath} genre=${genre} />
    <${PagedTrackList} pages=${pages} source=${{ kind: "tracks", id: genre }} empty=${empty} />
  </div>`;
}

export function LikedView() {
  const pages = usePages("/tracks", { liked: "true", limit: PAGE });
  const empty = html`<${Empty} icon="heart" title="Nothing liked yet">
    Press the heart of a track, or L while it plays, and it stands here.
  <//>`;
  const none = pages.complete.value && !pages.count.value;
  return html`<div>
    <header class="view-head">
      <h1>Liked tracks</h1>
      ${
        !none &&
        html`<div class="filters">
          <${ShuffleButton} onClick=${() => playShuffled("liked", LIKED)} />
          <${RadioButton} onClick=${() => startRadio("liked")} />
        </div>`
      }
    </header>
    <${PagedTrackList} pages=${pages} source=${LIKED} empty=${empty} />
  </div>`;
}
