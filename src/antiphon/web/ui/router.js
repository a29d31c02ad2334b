/** Client routes over the History API: where the listener is, and how to go elsewhere. */

import { signal } from "@preact/signals";

/** @typedef {{ path: string, query: URLSearchParams, visit: number }} Place */

/** @returns {Place} */
const here = () => ({
  path: location.pathname,
  query: new URLSearchParams(location.search),
  visit: history.state?.visit ?? 0,
});

export const place = signal(
  /** @type {Place} */ ({ path: "/", query: new URLSearchParams(), visit: 0 }),
);

/** How far each visited page was scrolled, by visit. */
const scrolled = new Map();
let visits = 0;
/** @type {() => HTMLElement | null} */
let scroller = () => null;

/**
 * Starts following the address bar and the links of the page.
 * @param {() => HTMLElement | null} findScroller the element that scrolls
 */
export function startRouter(findScroller) {
  scroller = findScroller;
  visits = history.state?.visit ?? 0;
  place.value = here();
  addEventListener("popstate", () => {
    rememberScroll();
    place.value = here();
  });
  document.addEventListener("click", followLink);
}

/**
 * @param {string} href path and query
 * @param {{ replace?: boolean }} options
 */
export function navigate(href, { replace = false } = {}) {
  rememberScroll();
  if (replace) history.replaceState(history.state, "", href);
  else history.pushState({ visit: ++visits }, "", href);
  place.value = here();
}

/** Where this visit was scrolled to when it was left; 0 for a new one. */
export const scrollOf = (/** @type {number} */ visit) => scrolled.get(visit) ?? 0;

function rememberScroll() {
  scrolled.set(place.value.visit, scroller()?.scrollTop ?? 0);
}

/** @param {MouseEvent} event */
function followLink(event) {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
  if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute("download")) return;
  if (link.origin !== location.origin) return;
  event.preventDefault();
  navigate(link.pathname + link.search);
}

/**
 * Finds the route of a path: `/albums/:id` gives { id }, decoded.
 * @template T
 * @param {[string, T][]} routes
 * @param {string} path
 * @returns {{ found: T, params: Record<string, string> } | null}
 */
export function match(routes, path) {
  const parts = segments(path);
  for (const [pattern, found] of routes) {
    const wanted = segments(pattern);
    if (wanted.length !== parts.length) continue;
    if (!wanted.every((part, i) => part.startsWith(":") || part === parts[i])) continue;
    const named = wanted
      .map((part, i) => [part, parts[i]])
      .filter(([part]) => part.startsWith(":"));
    return {
      found,
      params: Object.fromEntries(named.map(([part, value]) => [part.slice(1), value])),
    };
  }
  return null;
}

/** @param {string} path */
function segments(path) {
  return path.split("/").filter(Boolean).map(decode);
}

/** @param {string} part */
function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
