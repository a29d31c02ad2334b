/** Small horizontal bars: how much of a whole speaks for something, or against it. */

import { html } from "../html.js";

/** @param {{ name: any, share: number, text?: string, children?: any }} props share -1 (against) to 1 */
export function ShareBar({ name, share, text = percent(share), children }) {
  return html`<li class="share" data-testid="share" data-against=${share < 0}>
    <span class="share-name">${name}</span>
    <span class="share-text">${text}</span>
    <span class="share-track" aria-hidden="true"><i style=${{ width: `${Math.min(1, Math.abs(share)) * 100}%` }}></i></span>
    ${children}
  </li>`;
}

/** @param {number} share */
export function percent(share) {
  const of = share * 100;
  return of > 0 && of < 1 ? "under 1 %" : `${Math.round(of)} %`.replace("-", "−");
}
