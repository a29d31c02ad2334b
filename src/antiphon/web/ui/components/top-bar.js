/** @import { MenuItem } from "../types" */
/** Search and the listener's own menu. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { setPrivate } from "../controls.js";
import { html } from "../html.js";
import { leave } from "../listener.js";
import { even } from "../loudness.js";
import { preferences } from "../preferences.js";
import { navigate, place } from "../router.js";
import { session } from "../session.js";
import { theme } from "../theme.js";
import { attempt } from "../toasts.js";
import { Icon, IconButton } from "./icon.js";
import { openMenu } from "./menu.js";

const PATIENCE_MS = 180;

export function TopBar() {
  return html`<header class="top">
    <a class="top-brand" href="/" aria-label="Antiphon, to the start">
      <img src="/ui/icons/antiphon.svg" alt="" width="30" height="30" />
    </a>
    <${Search} />
    <${Account} />
  </header>`;
}

function Search() {
  const { path, query } = place.value;
  const asked = path === "/search" ? (query.get("q") ?? "") : "";
  const text = useSignal(asked);
  const timer = useRef(0);
  // The way back, and a page without search, show in the field what they are about.
  useEffect(() => {
    if (path !== "/search") clearTimeout(timer.current);
    if (document.activeElement?.id !== "search" || path !== "/search") text.value = asked;
  }, [path, asked]);

  /** @param {string} typed */
  function type(typed) {
    text.value = typed;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => seek(typed), PATIENCE_MS);
  }
  return html`<form class="search" role="search" onSubmit=${(/** @type {Event} */ event) => {
    event.preventDefault();
    clearTimeout(timer.current);
    seek(text.value);
  }}>
    <${Icon} name="search" />
    <input
      id="search" type="search" placeholder="Search" aria-label="Search tracks, albums and artists"
      autocomplete="off" spellcheck=${false} data-testid="search-input" value=${text.value}
      onInput=${(/** @type {InputEvent} */ event) => type(/** @type {HTMLInputElement} */ (event.currentTarget).value)}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
        if (event.key === "Escape") /** @type {HTMLElement} */ (event.currentTarget).blur();
      }}
    />
    <kbd aria-hidden="true">/</kbd>
  </form>`;
}

/** @param {string} typed */
function seek(typed) {
  const q = typed.trim();
  const searching = location.pathname === "/search";
  if (!q && !searching) return;
  navigate(q ? `/search?q=${encodeURIComponent(q)}` : "/search", { replace: searching });
}

function Account() {
  const now = session.value;
  if (!now) return null;
  return html`<div class="account">
    <${ThemeButton} />
    <button type="button" class="account-button" aria-label=${`Account of ${now.user.name}`} title=${now.user.name}
      data-testid="account" onClick=${(/** @type {MouseEvent} */ event) => {
        openMenu(/** @type {HTMLElement} */ (event.currentTarget), items());
      }}>${[...now.user.name][0]?.toUpperCase() ?? "?"}</button>
  </div>`;
}

/** @returns {MenuItem[]} */
function items() {
  const now = session.value;
  const mayListenAs = now?.demo && (now.user.role === "admin" || now.acting_for);
  return [
    {
      label: "Your taste",
      icon: "sliders-horizontal",
      act: () => navigate("/you"),
      testid: "account-you",
    },
    {
      label: preferences.value.private ? "End the private session" : "Start a private session",
      icon: "eye-off",
      act: () => setPrivate(!preferences.value.private),
      testid: "account-private",
    },
    { label: "What came of it", icon: "chart-column", act: () => navigate("/report") },
    ...(mayListenAs
      ? [
          {
            label: "Demo listeners",
            icon: "users",
            act: () => navigate("/listeners"),
            testid: "nav-listeners",
          },
        ]
      : []),
    {
      apart: true,
      label: even.value ? "Let tracks be as loud as they are" : "Play tracks equally loud",
      icon: "volume-2",
      act: () => {
        even.value = !even.value;
      },
      testid: "even-loudness",
    },
    { label: "Log out", icon: "log-out", act: () => attempt(leave), testid: "log-out" },
  ];
}

/** @type {Record<string, { next: import("../theme.js").Theme, icon: string, label: string }>} */
const THEMES = {
  auto: { next: "light", icon: "monitor", label: "Colours: as the system. Switch to light" },
  light: { next: "dark", icon: "sun", label: "Colours: light. Switch to dark" },
  dark: { next: "auto", icon: "moon", label: "Colours: dark. Switch to the system's" },
};

function ThemeButton() {
  const { next, icon, label } = THEMES[theme.value];
  return html`<${IconButton} icon=${icon} label=${label} testid="theme" onClick=${() => {
    theme.value = next;
  }} />`;
}
