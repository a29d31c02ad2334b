/** The listener's playlists. */

import { newPlaylist } from "../actions.js";
import { PlaylistCard } from "../components/cards.js";
import { Icon } from "../components/icon.js";
import { CardSkeletons, Empty } from "../components/notices.js";
import { html } from "../html.js";
import { playlists } from "../playlists.js";

export function PlaylistsView() {
  const all = playlists.value;
  return html`<div>
    <header class="view-head">
      <h1>Playlists</h1>
      <button type="button" class="button button-main" data-testid="playlist-create" onClick=${() => newPlaylist()}>
        <${Icon} name="plus" />New playlist
      </button>
    </header>
    <div class="tiles">
      <a class="tile" href="/liked"><${Icon} name="heart" filled />Liked tracks</a>
      <a class="tile" href="/you"><${Icon} name="sliders-horizontal" />Your taste</a>
      <a class="tile" href="/history"><${Icon} name="history" />Listening history</a>
    </div>
    ${!all && html`<${CardSkeletons} cards=${6} />`}
    ${
      all &&
      !all.length &&
      html`<${Empty} icon="list-music" title="No playlists yet">Make one here, or add a track to one from its menu.<//>`
    }
    <div class="grid">${all?.map((playlist) => html`<${PlaylistCard} key=${playlist.id} playlist=${playlist} />`)}</div>
  </div>`;
}
