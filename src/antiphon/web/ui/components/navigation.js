/** Where one can go: a sidebar on wide screens, a bar at the bottom of narrow ones. */

import { newPlaylist } from "../actions.js";
import { html } from "../html.js";
import { playlists } from "../playlists.js";
import { place } from "../router.js";
import { Icon, IconButton } from "./icon.js";

const PLACES = [
  { href: "/", name: "For you", icon: "house", testid: "nav-home" },
  { href: "/albums", name: "Albums", icon: "disc-3", testid: "nav-albums" },
  { href: "/artists", name: "Artists", icon: "mic-vocal", testid: "nav-artists" },
  { href: "/tracks", name: "Tracks", icon: "music", testid: "nav-tracks" },
  { href: "/playlists", name: "Playlists", icon: "list-music", testid: "nav-playlists" },
  { href: "/liked", name: "Liked", icon: "heart", testid: "nav-liked" },
  { href: "/history", name: "History", icon: "history", testid: "nav-history" },
  { href: "/you", name: "Your taste", icon: "sliders-horizontal", testid: "nav-you" },
];

export function Navigation() {
  return html`<nav class="nav" aria-label="Main">
    <a class="brand" href="/" aria-label="Antiphon, to the start">
      <img src="/ui/icons/antiphon.svg" alt="" width="30" height="30" />
      <span>Antiphon</span>
    </a>
    <ul class="nav-places">
      ${PLACES.map((item) => html`<li key=${item.href}><${Place} item=${item} /></li>`)}
    </ul>
    <${OwnPlaylists} />
  </nav>`;
}

/** @param {{ item: typeof PLACES[number] }} props */
function Place({ item }) {
  return html`<a
    class="nav-place"
    href=${item.href}
    data-testid=${item.testid}
    aria-current=${isAt(item.href) ? "page" : undefined}
  >
    <${Icon} name=${item.icon} /><span>${item.name}</span>
  </a>`;
}

/** @param {string} href */
function isAt(href) {
  const { path } = place.value;
  return href === "/" ? path === "/" : path === href || path.startsWith(`${href}/`);
}

function OwnPlaylists() {
  return html`<section class="nav-playlists" aria-label="Your playlists">
    <div class="nav-heading">
      <h2>Your playlists</h2>
      <${IconButton} icon="plus" label="New playlist" onClick=${() => newPlaylist()} />
    </div>
    ${playlists.value?.length === 0 && html`<p class="nav-hint">None yet</p>`}
    <ul>
      ${(playlists.value ?? []).map(
        (playlist) => html`<li key=${playlist.id}>
          <a class="nav-playlist" href=${`/playlists/${playlist.id}`} title=${playlist.name}
            aria-current=${place.value.path === `/playlists/${playlist.id}` ? "page" : undefined}
          >${playlist.name}</a>
        </li>`,
      )}
    </ul>
  </section>`;
}
