/** @import { Playlist, Track } from "../types" */
/** One playlist: played, put in order, thinned out. */

import { playlistItems } from "../actions.js";
import { Problem } from "../api.js";
import { Mosaic } from "../components/cover.js";
import { useFlip } from "../components/flip.js";
import { IconButton } from "../components/icon.js";
import { MenuButton } from "../components/menu.js";
import { Empty, RowSkeletons, Trouble } from "../components/notices.js";
import {
  Chip,
  dotted,
  PageHead,
  PlayButton,
  RadioButton,
  ShuffleButton,
} from "../components/page-head.js";
import { Grip } from "../components/sortable.js";
import { TrackRow } from "../components/track-row.js";
import { count, duration } from "../format.js";
import { html } from "../html.js";
import { playShuffled, playTracks, startRadio } from "../play.js";
import { arrangePlaylist } from "../playlists.js";
import { isIn } from "../preferences.js";
import { moved } from "../queue.js";
import { useResource } from "../resource.js";
import { useTitle } from "../title.js";
import { say, sayError } from "../toasts.js";

/** @param {{ id: string }} props */
export function PlaylistView({ id }) {
  const resource = useResource(`/playlists/${id}`);
  const { data, error, reload } = resource;
  useTitle(data?.playlist.name);
  if (error && !data) return html`<${Trouble} error=${error} retry=${reload} />`;
  if (!data) return html`<${RowSkeletons} rows=${12} />`;
  /** @type {{ playlist: Playlist, tracks: Track[] }} */
  const { playlist, tracks } = data;

  /** Shows the new order at once; when it cannot be stored, the stored one comes back. @param {Track[]} changed */
  async function arrange(changed) {
    resource.put({ playlist, tracks: changed });
    try {
      resource.put({ playlist: await arrangePlaylist(playlist, changed), tracks: changed });
    } catch (trouble) {
      if (trouble instanceof Problem && trouble.status === 409)
        say(
          "This playlist was changed elsewhere. Here is how it is now: please try again.",
          "trouble",
        );
      else sayError(trouble);
      reload();
    }
  }
  return html`<article>
    <${Head} ...${{ playlist, tracks, reload }} />
    <${Rows} ...${{ playlist, tracks, arrange }} />
  </article>`;
}

/** @param {string} id */
const sourceOf = (id) => ({ kind: /** @type {const} */ ("playlist"), id });

/** @param {{ playlist: Playlist, tracks: Track[], reload: () => void }} props */
function Head({ playlist, tracks, reload }) {
  const facts = dotted([count(playlist.track_count, "track"), duration(playlist.duration_ms)]);
  return html`<${PageHead}
    kind="Playlist" title=${playlist.name} art=${playlist.art_ids[0] ?? ""} facts=${facts}
    cover=${html`<${Mosaic} arts=${playlist.art_ids} name=${playlist.name} width=${320} />`}
  >
    <${PlayButton} disabled=${!tracks.length} testid="play-playlist"
      onClick=${() => playTracks(tracks, 0, sourceOf(playlist.id))} />
    <${ShuffleButton} disabled=${!tracks.length}
      onClick=${() => playShuffled(`playlist:${playlist.id}`, sourceOf(playlist.id))} />
    ${tracks.length > 0 && html`<${RadioButton} onClick=${() => startRadio(`playlist:${playlist.id}`)} />`}
    <${MenuButton} label=${`More for ${playlist.name}`} items=${() => playlistItems(playlist, reload)} testid="playlist-menu" />
    ${isIn("excluded_playlists", playlist.id) && html`<${Chip} icon="circle-minus">Left out of your taste<//>`}
  <//>`;
}

/** @param {{ playlist: Playlist, tracks: Track[], arrange: (tracks: Track[]) => void }} props */
function Rows({ playlist, tracks, arrange }) {
  const ref = useFlip(tracks);
  if (!tracks.length)
    return html`<${Empty} icon="list-plus" title="Nothing in it yet">
      Open the menu of a track or an album and choose “Add to a playlist”.
    <//>`;
  /** @param {number} from @param {number} to */
  const move = (from, to) => arrange(moved(tracks, from, to));
  return html`<div class="rows" ref=${ref}>
    ${tracks.map(
      (track, index) => html`<${TrackRow}
        key=${track.id} ...${{ track }} source=${sourceOf(playlist.id)} sortable
        before=${html`<${Grip} index=${index} count=${tracks.length} label=${track.title} onMove=${move} />`}
        after=${html`<${IconButton} icon="x" label=${`Remove ${track.title}`} testid="playlist-remove"
          onClick=${() => arrange(tracks.filter((_, at) => at !== index))} />`}
        onPlay=${() => playTracks(tracks, index, sourceOf(playlist.id))}
      />`,
    )}
  </div>`;
}
