/** @import { Album, Artist, From, Playlist, Recommended } from "../types" */
/** Cards: a cover that leads, a line or two that say what it is. */

import { albumItems, playAlbum } from "../actions.js";
import { sourceOf } from "../answers.js";
import { count, names } from "../format.js";
import { html } from "../html.js";
import { playAnswer } from "../play.js";
import { player, toggle } from "../playback.js";
import { currentId } from "../queue-state.js";
import { trackItems } from "../track-items.js";
import { Cover, Mosaic } from "./cover.js";
import { Icon } from "./icon.js";
import { ArtistLinks } from "./links.js";
import { MenuButton } from "./menu.js";
import { Reason } from "./reason.js";

/** @param {{ album: Album, testid?: string }} props */
export function AlbumCard({ album, testid = "album-card" }) {
  const year = album.original_year || album.year;
  return html`<article class="card" data-testid=${testid} data-flip=${album.id}>
    <div class="card-cover">
      <a href=${`/albums/${album.id}`} aria-label=${`${album.title}, ${names(album.artists)}`}>
        <${Cover} art=${album.art_id} name=${album.title} width=${220} />
      </a>
      <button type="button" class="card-play" aria-label=${`Play ${album.title}`} onClick=${() => playAlbum(album.id)}>
        <${Icon} name="play" filled />
      </button>
      <div class="card-menu"><${MenuButton} label=${`More for ${album.title}`} items=${() => albumItems(album)} /></div>
    </div>
    <a class="card-title" href=${`/albums/${album.id}`} title=${album.title}>${album.title}</a>
    <p class="card-sub">
      ${album.compilation ? "Various artists" : html`<${ArtistLinks} credits=${album.artists} />`}
      ${year > 0 && html`<span class="dim"> · ${year}</span>`}
    </p>
  </article>`;
}

/** @param {{ item: Recommended, from: From }} props */
export function AnswerCard({ item, from }) {
  const { track, reasons } = item;
  const isCurrent = currentId.value === track.id;
  const playing = isCurrent && player.phase.value === "playing";
  const play = () => (isCurrent ? toggle() : playAnswer(item, from));
  return html`<article class="card" data-testid="row-card" data-track-id=${track.id} data-flip=${track.id} data-current=${isCurrent}>
    <div class="card-cover">
      <button type="button" class="card-press" aria-label=${`${playing ? "Pause" : "Play"} ${track.title}, ${names(track.artists)}`} onClick=${play}>
        <${Cover} art=${track.art_id} name=${track.album?.title ?? track.title} width=${220} />
        <span class="card-play"><${Icon} name=${playing ? "pause" : "play"} filled /></span>
      </button>
      <div class="card-menu">
        <${MenuButton} label=${`More for ${track.title}`} items=${() => trackItems(track, sourceOf(from))} />
      </div>
    </div>
    <button type="button" class="card-title" title=${track.title} onClick=${play}>${track.title}</button>
    <p class="card-sub"><${ArtistLinks} credits=${track.artists} /></p>
    <${Reason} ...${{ track, reasons }} />
  </article>`;
}

/** @param {{ artist: Artist, testid?: string }} props */
export function ArtistCard({ artist, testid = "artist-card" }) {
  const about = artist.album_count
    ? count(artist.album_count, "album")
    : count(artist.track_count, "track");
  return html`<a class="card card-artist" href=${`/artists/${artist.id}`} data-testid=${testid}>
    <${Cover} art=${artist.art_id} name=${artist.name} width=${200} round />
    <span class="card-title" title=${artist.name}>${artist.name}</span>
    <span class="card-sub">${about}</span>
  </a>`;
}

/** @param {{ playlist: Playlist }} props */
export function PlaylistCard({ playlist }) {
  return html`<a class="card" href=${`/playlists/${playlist.id}`} data-testid="playlist-card">
    <${Mosaic} arts=${playlist.art_ids} name=${playlist.name} width=${220} />
    <span class="card-title" title=${playlist.name}>${playlist.name}</span>
    <span class="card-sub">${count(playlist.track_count, "track")}</span>
  </a>`;
}
