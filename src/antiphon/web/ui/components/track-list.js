/** @import { Source, Track } from "../types" */
/** Lists of tracks: short ones as they are, long ones page by page and only what is in sight. */

import { useCallback } from "preact/hooks";
import { html } from "../html.js";
import { playTracks } from "../play.js";
import { RowSkeleton, RowSkeletons, Trouble } from "./notices.js";
import { TrackRow } from "./track-row.js";
import { VirtualList } from "./virtual-list.js";

const AHEAD = 100;
/** How many of the tracks after the chosen one join the queue. */
const BROUGHT_ALONG = 500;
/** Rows that stand for pages not fetched yet. */
const MORE_TO_COME = 12;

/**
 * A short list; `alone`: a track that is played does not bring the others along.
 * @param {{ tracks: Track[], source: Source | null, testid?: string, alone?: boolean }} props
 */
export function TrackList({ tracks, source, testid, alone = false }) {
  return html`<div class="rows">
    ${tracks.map(
      (track, index) => html`<${TrackRow}
        key=${track.id}
        ...${{ track, source, testid }}
        onPlay=${() => (alone ? playTracks([track], 0, source) : playTracks(tracks, index, source))}
      />`,
    )}
  </div>`;
}

/**
 * A list that is fetched as it is scrolled.
 * @param {{ pages: ReturnType<typeof import("../pages.js").createPages<Track>>, source: Source, empty: any }} props
 */
export function PagedTrackList({ pages, source, empty }) {
  const { items, count, complete, error } = pages;
  const reach = useCallback((/** @type {number} */ row) => pages.upTo(row + AHEAD), [pages]);
  const row = useCallback(
    (/** @type {number} */ index) => {
      const track = items[index];
      if (!track) return html`<${RowSkeleton} key=${index} />`;
      const play = () => playTracks(items.slice(index, index + BROUGHT_ALONG), 0, source);
      return html`<${TrackRow} key=${index} ...${{ track, source }} onPlay=${play} />`;
    },
    [items, count.value, source.kind, source.id],
  );
  if (error.value && !count.value)
    return html`<${Trouble} error=${error.value} retry=${pages.more} />`;
  if (!count.value) return complete.value ? empty : html`<${RowSkeletons} />`;
  const tail = complete.value ? 0 : MORE_TO_COME;
  return html`<${VirtualList} count=${count.value + tail} row=${row} onReach=${reach} />`;
}
