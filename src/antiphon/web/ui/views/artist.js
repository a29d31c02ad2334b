/** @import { Album, Artist, Track } from "../types" */
/** One artist: what is most played, their albums, where else they appear. */

import { artistItems } from "../actions.js";
import { AlbumCard } from "../components/cards.js";
import { Cover } from "../components/cover.js";
import { MenuButton } from "../components/menu.js";
import { RowSkeletons, Trouble } from "../components/notices.js";
import {
  Chip,
  dotted,
  PageHead,
  PlayButton,
  RadioButton,
  ShuffleButton,
} from "../components/page-head.js";
import { TrackList } from "../components/track-list.js";
import { count } from "../format.js";
import { html } from "../html.js";
import { playShuffled, playTracks, startRadio } from "../play.js";
import { isIn } from "../preferences.js";
import { useResource } from "../resource.js";
import { useTitle } from "../title.js";

/** @param {{ id: string }} props */
export function ArtistView({ id }) {
  const { data, error, reload } = useResource(`/artists/${id}`);
  useTitle(data?.artist.name);
  if (error && !data) return html`<${Trouble} error=${error} retry=${reload} />`;
  if (!data) return html`<${RowSkeletons} rows=${12} />`;
  /** @type {{ artist: Artist, albums: Album[], appears_on: Album[], tracks: Track[] }} */
  const { artist, albums, appears_on, tracks } = data;
  const source = { kind: /** @type {const} */ ("artist"), id: artist.id };
  const facts = dotted([
    artist.album_count > 0 && count(artist.album_count, "album"),
    count(artist.track_count, "track"),
  ]);
  return html`<article>
    <${PageHead}
      kind="Artist" title=${artist.name} art=${artist.art_id} facts=${facts}
      cover=${html`<${Cover} art=${artist.art_id} name=${artist.name} width=${320} round eager />`}
    >
      <${PlayButton} disabled=${!tracks.length} onClick=${() => playTracks(tracks, 0, source)} />
      <${ShuffleButton} disabled=${!tracks.length} onClick=${() => playShuffled(`artist:${artist.id}`, source)} />
      <${RadioButton} onClick=${() => startRadio(`artist:${artist.id}`)} />
      <${MenuButton} label=${`More for ${artist.name}`} items=${() => artistItems(artist)} testid="artist-menu" />
      ${isIn("banned_artists", artist.id) && html`<${Chip} icon="user-x">Never played for you<//>`}
    <//>
    ${tracks.length > 0 && html`<section class="part"><h2>Tracks</h2><${TrackList} tracks=${tracks} source=${source} /></section>`}
    <${Albums} title="Albums" albums=${albums} />
    <${Albums} title="Appears on" albums=${appears_on} />
  </article>`;
}

/** @param {{ title: string, albums: Album[] }} props */
function Albums({ title, albums }) {
  if (!albums.length) return null;
  return html`<section class="part">
    <h2>${title}</h2>
    <div class="grid">${albums.map((album) => html`<${AlbumCard} key=${album.id} album=${album} />`)}</div>
  </section>`;
}
