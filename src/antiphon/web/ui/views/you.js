/** @import { Credit, Track } from "../types" */
/** "Your taste": what the listener has set, all in one place, all to be taken back. */

import { useEffect } from "preact/hooks";
import { Discover } from "../components/discover.js";
import { Icon } from "../components/icon.js";
import { Switch } from "../components/switch.js";
import { setPrivate, toggleArtist, togglePlaylist, toggleTrack } from "../controls.js";
import { toggleFeedback } from "../feedback.js";
import { names } from "../format.js";
import { html } from "../html.js";
import { preferences, refreshPreferences } from "../preferences.js";
import { attempt } from "../toasts.js";

export function TasteView() {
  useEffect(() => {
    attempt(refreshPreferences);
  }, []);
  const now = preferences.value;
  return html`<div class="taste">
    <header class="view-head"><h1>Your taste</h1></header>
    <section class="part setting">
      <div><h2>Familiar or new</h2><p>How far from what you know Antiphon goes.</p></div>
      <${Discover} />
    </section>
    <section class="part setting">
      <div><h2 id="private-name">Private session</h2>
        <p>While it lasts, nothing that you play is learned. Likes and bans still count.</p></div>
      <${Switch} on=${now.private} labelledby="private-name" onChange=${setPrivate} testid="private" />
    </section>
    <${Artists} items=${now.banned_artists} />
    <${Tracks} title="Tracks never played for you" items=${now.banned_tracks} action="Play again"
      onAct=${(/** @type {Track} */ track) => toggleFeedback(track, "ban")} />
    <${Tracks} title="Tracks left out of your taste" items=${now.excluded_tracks} action="Count again" onAct=${toggleTrack} />
    <${Playlists} items=${now.excluded_playlists} />
    <section class="part tiles">
      <a class="tile" href="/report" data-testid="to-report"><${Icon} name="chart-column" />What came of it</a>
      <a class="tile" href="/history?forgotten=true"><${Icon} name="eraser" />What you had forgotten</a>
    </section>
  </div>`;
}

/** @param {{ items: Credit[] }} props */
const Artists = ({
  items,
}) => html`<${List} title="Artists never played for you" items=${items} action="Play again"
  nameOf=${(/** @type {Credit} */ { id, name }) => html`<a class="quiet-link" href=${`/artists/${id}`}>${name || "An artist who is here no more"}</a>`}
  onAct=${toggleArtist} />`;

/** @param {{ items: Credit[] }} props */
const Playlists = ({
  items,
}) => html`<${List} title="Playlists left out of your taste" items=${items} action="Count again"
  nameOf=${(/** @type {Credit} */ { id, name }) => html`<a class="quiet-link" href=${`/playlists/${id}`}>${name || "A playlist that is here no more"}</a>`}
  onAct=${togglePlaylist} />`;

/** @param {{ title: string, items: Track[], action: string, onAct: (track: Track) => void }} props */
const Tracks = (props) => html`<${List} ...${props}
  nameOf=${(/** @type {Track} */ track) => html`${track.title} <small>${names(track.artists)}</small>`} />`;

/**
 * @template {{ id: string }} T
 * @param {{ title: string, items: T[], action: string, nameOf: (item: T) => any, onAct: (item: T) => void }} props
 */
function List({ title, items, action, nameOf, onAct }) {
  if (!items.length) return null;
  return html`<section class="part">
    <h2>${title}</h2>
    <ul class="settings-list">
      ${items.map(
        (item) => html`<li key=${item.id} data-testid="taste-item">
          <span>${nameOf(item)}</span>
          <button type="button" class="text-button" onClick=${() => onAct(item)}>${action}</button>
        </li>`,
      )}
    </ul>
  </section>`;
}
