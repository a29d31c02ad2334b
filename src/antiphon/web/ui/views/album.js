/** @import { Album, Track } from "../types" */
/** One album: its cover, its facts, its tracks by disc. */

import { albumItems, albumSource } from "../actions.js";
import { Cover } from "../components/cover.js";
import { Icon } from "../components/icon.js";
import { ArtistLinks } from "../components/links.js";
import { MenuButton } from "../components/menu.js";
import { RowSkeletons, Trouble } from "../components/notices.js";
import {
  dotted,
  PageHead,
  PlayButton,
  RadioButton,
  ShuffleButton,
} from "../components/page-head.js";
import { TrackRow } from "../components/track-row.js";
import { count, duration, names } from "../format.js";
import { html } from "../html.js";
import { playShuffled, playTracks, startRadio } from "../play.js";
import { useResource } from "../resource.js";
import { useTitle } from "../title.js";

/** @param {{ id: string }} props */
export function AlbumView({ id }) {
  const { data, error, reload } = useResource(`/albums/${id}`);
  useTitle(data?.album.title);
  if (error && !data) return html`<${Trouble} error=${error} retry=${reload} />`;
  if (!data) return html`<${RowSkeletons} rows=${12} />`;
  /** @type {{ album: Album, tracks: Track[] }} */
  const { album, tracks } = data;
  return html`<article>
    <${Head} album=${album} tracks=${tracks} />
    ${discs(tracks).map((disc) => html`<${Disc} key=${disc[0].disc_no} ...${{ album, disc, tracks }} />`)}
  </article>`;
}

/** @param {{ album: Album, tracks: Track[] }} props */
function Head({ album, tracks }) {
  const year = album.original_year || album.year;
  const reissue = album.year > 0 && album.original_year > 0 && album.year !== album.original_year;
  const facts = dotted([
    album.compilation ? "Various artists" : html`<${ArtistLinks} credits=${album.artists} />`,
    year > 0 && String(year),
    reissue && `released again ${album.year}`,
    count(album.track_count, "track"),
    duration(album.duration_ms),
  ]);
  return html`<${PageHead}
    kind=${album.compilation ? "Compilation" : "Album"} title=${album.title} art=${album.art_id} facts=${facts}
    cover=${html`<${Cover} art=${album.art_id} name=${album.title} width=${320} eager />`}
  >
    <${PlayButton} testid="play-album" onClick=${() => playTracks(tracks, 0, albumSource(album.id))} />
    <${ShuffleButton} onClick=${() => playShuffled(`album:${album.id}`, albumSource(album.id))} />
    <${RadioButton} onClick=${() => startRadio(`album:${album.id}`)} />
    <${MenuButton} label=${`More for ${album.title}`} items=${() => albumItems(album)} />
    <span class="head-chips">${album.genres.slice(0, 3).map(chip)}</span>
  <//>`;
}

/** @param {string} genre */
const chip = (genre) =>
  html`<a key=${genre} class="chip" href=${`/albums?genre=${encodeURIComponent(genre)}`}>${genre}</a>`;

/** @param {{ album: Album, disc: Track[], tracks: Track[] }} props */
function Disc({ album, disc, tracks }) {
  const [{ disc_no, disc_title }] = disc;
  const source = albumSource(album.id);
  const own = names(album.artists);
  return html`<section class="disc">
    ${
      album.disc_count > 1 &&
      html`<h2 class="disc-title"><${Icon} name="disc-3" />Disc ${disc_no}${disc_title && `: ${disc_title}`}</h2>`
    }
    ${disc.map(
      (
        track,
      ) => html`<${TrackRow} key=${track.id} ...${{ track, source }} cover=${false} album=${false}
        number=${track.track_no} artists=${names(track.artists) !== own}
        onPlay=${() => playTracks(tracks, tracks.indexOf(track), source)} />`,
    )}
  </section>`;
}

/** @param {Track[]} tracks in playing order @returns {Track[][]} */
function discs(tracks) {
  const byDisc = Map.groupBy(tracks, (track) => track.disc_no);
  return [...byDisc.values()];
}
