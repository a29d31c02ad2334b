/** @import { Origin, Track } from "../types" */
/** Whose a track is and on what terms it may be heard, as its licence asks. */

import { isWebAddress, names } from "../format.js";
import { html } from "../html.js";

/** Where it comes from and its licence, beside title and artist. @param {{ origin: Origin | null }} props */
export function Licence({ origin }) {
  if (!origin) return null;
  return html`<p class="player-licence" data-testid="licence">
    <${Away} href=${origin.licence_url}>${origin.licence || "No licence known"}<//> · <${Away}
      href=${origin.url}>${origin.archive}<//>
  </p>`;
}

/** The whole sentence. @param {{ track: Track }} props */
export function Attribution({ track }) {
  const { origin } = track;
  if (!origin) return null;
  const by = track.artists.length ? ` by ${names(track.artists)}` : "";
  return html`<p class="attribution" data-testid="attribution">
    <${Away} href=${origin.url}>“${track.title}”${by}<//>, <${Away}
      href=${origin.licence_url}>${origin.licence || "no licence known"}<//>, from the ${origin.archive}
  </p>`;
}

/** A link to another site, or just the words. @param {{ href: string, children: unknown }} props */
function Away({ href, children }) {
  if (!isWebAddress(href)) return html`<span>${children}</span>`;
  return html`<a class="quiet-link" href=${href} target="_blank" rel="noopener noreferrer">${children}</a>`;
}
