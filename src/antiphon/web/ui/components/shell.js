/** The frame of every page: navigation, top bar, content, player. */

import { useLayoutEffect, useRef } from "preact/hooks";
import { setPrivate } from "../controls.js";
import { html } from "../html.js";
import { preferences } from "../preferences.js";
import { place, scrollOf } from "../router.js";
import { backToMyself, session } from "../session.js";
import { attempt } from "../toasts.js";
import { Dialogs } from "./dialogs.js";
import { Icon } from "./icon.js";
import { Menu } from "./menu.js";
import { Navigation } from "./navigation.js";
import { PlayerBar, queueOpen } from "./player-bar.js";
import { ProgressLine } from "./progress-line.js";
import { QueuePanel } from "./queue-panel.js";
import { TopBar } from "./top-bar.js";

const narrow = matchMedia("(max-width: 720px)");

/** @param {{ children?: any }} props */
export function Shell({ children }) {
  const open = queueOpen.value;
  return html`<div class="shell" data-queue=${open ? "open" : "closed"}>
    <a class="skip-link" href="#content" onClick=${skip}>Skip to the content</a>
    <${Navigation} />
    <${Page}>${children}<//>
    ${open && html`<${QueuePanel} />`}
    <${PlayerBar} />
    <${Menu} />
    <${Dialogs} />
  </div>`;
}

/** @param {Event} event */
function skip(event) {
  event.preventDefault();
  document.getElementById("content")?.focus();
}

/** @param {{ children?: any }} props */
function Page({ children }) {
  const scroller = useRef(/** @type {HTMLElement | null} */ (null));
  const main = useRef(/** @type {HTMLElement | null} */ (null));
  const { path, visit } = place.value;
  const first = useRef(true);
  useLayoutEffect(() => {
    scroller.current?.scrollTo({ top: scrollOf(visit), behavior: "instant" });
    if (!first.current && !isTyping()) main.current?.focus({ preventScroll: true });
    // On a narrow screen the queue covers the page: going somewhere closes it.
    if (!first.current && narrow.matches) queueOpen.value = false;
    first.current = false;
  }, [path, visit]);
  return html`<div class="page" id="scroller" ref=${scroller}>
    <div class="page-top">
      <${Banner} />
      <${PrivateSession} />
      <${TopBar} />
      <${ProgressLine} />
    </div>
    <main id="content" ref=${main} tabindex="-1">${children}</main>
  </div>`;
}

const isTyping = () => document.activeElement instanceof HTMLInputElement;

/** Says on whose behalf an admin looks at the product. */
function Banner() {
  const now = session.value;
  if (!now?.acting_for) return null;
  return html`<div class="banner" role="status" data-testid="banner">
    <span>You are listening as <b>${now.user.name}</b></span>
    <button type="button" class="text-button" data-testid="back-to-myself" onClick=${() => attempt(backToMyself)}>
      Back to yourself
    </button>
  </div>`;
}

/** Says that nothing is learned, for as long as that is so. */
function PrivateSession() {
  if (!preferences.value.private) return null;
  return html`<div class="banner banner-private" role="status" data-testid="private-banner">
    <span><${Icon} name="eye-off" />Private session: nothing is learned</span>
    <button type="button" class="text-button" data-testid="end-private" onClick=${() => setPrivate(false)}>End it</button>
  </div>`;
}
