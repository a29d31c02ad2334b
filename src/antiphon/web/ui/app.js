/** The player's start: who is there, which page they are on, and everything that runs beside it. */

import { render } from "preact";
import { startAccent } from "./accent.js";
import { Empty, Toasts } from "./components/notices.js";
import { Shell } from "./components/shell.js";
import { html } from "./html.js";
import { startKeys } from "./keys.js";
import { startListener } from "./listener.js";
import { startLoudness } from "./loudness.js";
import { startMediaSession } from "./media-session.js";
import { startPlayback } from "./playback.js";
import { match, place, startRouter } from "./router.js";
import { refreshSession, session } from "./session.js";
import { startTheme } from "./theme.js";
import { startTitle, useTitle } from "./title.js";
import { sayError } from "./toasts.js";
import { AlbumView } from "./views/album.js";
import { AlbumsView } from "./views/albums.js";
import { ArtistView } from "./views/artist.js";
import { ArtistsView } from "./views/artists.js";
import { HistoryView } from "./views/history.js";
import { HomeView } from "./views/home.js";
import { ListenersView } from "./views/listeners.js";
import { Login } from "./views/login.js";
import { PlaylistView } from "./views/playlist.js";
import { PlaylistsView } from "./views/playlists.js";
import { ReportView } from "./views/report.js";
import { SearchView } from "./views/search.js";
import { LikedView, TracksView } from "./views/tracks.js";
import { TasteView } from "./views/you.js";

const RETRY_MS = 3000;

/** @typedef {{ view: (props: any) => any, title?: string }} Route */

/** @type {[string, Route][]} */
const ROUTES = [
  ["/", { view: HomeView, title: "For you" }],
  ["/albums", { view: AlbumsView, title: "Albums" }],
  ["/albums/:id", { view: AlbumView }],
  ["/artists", { view: ArtistsView, title: "Artists" }],
  ["/artists/:id", { view: ArtistView }],
  ["/tracks", { view: TracksView, title: "Tracks" }],
  ["/liked", { view: LikedView, title: "Liked tracks" }],
  ["/history", { view: HistoryView, title: "Listening history" }],
  ["/playlists", { view: PlaylistsView, title: "Playlists" }],
  ["/playlists/:id", { view: PlaylistView }],
  ["/search", { view: SearchView, title: "Search" }],
  ["/you", { view: TasteView, title: "Your taste" }],
  ["/report", { view: ReportView, title: "What came of it" }],
  ["/listeners", { view: ListenersView, title: "Demo listeners" }],
];

function App() {
  const now = session.value;
  if (now === undefined) return html`<${Toasts} />`;
  return html`${now ? html`<${Shell}><${View} /><//>` : html`<${Login} />`}<${Toasts} />`;
}

function View() {
  const { path } = place.value;
  const { found, params } = match(ROUTES, path) ?? { found: LOST, params: {} };
  return html`<${Named} key=${path} route=${found} params=${params} />`;
}

/** @param {{ route: Route, params: Record<string, string> }} props */
function Named({ route, params }) {
  return html`<div class="view">
    ${route.title && html`<${Title} name=${route.title} />`}
    <${route.view} ...${params} />
  </div>`;
}

/** @param {{ name: string }} props */
function Title({ name }) {
  useTitle(name);
  return null;
}

/** @type {Route} */
const LOST = {
  title: "Not found",
  view: () =>
    html`<${Empty} icon="search" title="There is no such page">The navigation leads on.<//>`,
};

async function greet() {
  try {
    await refreshSession();
  } catch (error) {
    sayError(error);
    setTimeout(greet, RETRY_MS);
  }
}

startTheme();
startLoudness();
startRouter(() => document.getElementById("scroller"));
startPlayback();
startListener();
startMediaSession();
startKeys();
startAccent();
startTitle();
render(html`<${App} />`, /** @type {HTMLElement} */ (document.getElementById("app")));
greet();
