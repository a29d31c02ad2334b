/** @import { Figure } from "../types" */
/** A rate as a bar from 0 to 100 %, with its interval as whiskers. */

import { html } from "../html.js";

const HEIGHT = 16;
const CAP = 4;

/** @param {{ figure: Figure }} props */
export function Whiskers({ figure: { value, low, high } }) {
  const [at, from, to] = [value, low, high].map((share) => `${share * 100}%`);
  const middle = HEIGHT / 2;
  return html`<svg class="whiskers" width="100%" height=${HEIGHT} aria-hidden="true" focusable="false">
    <rect class="whiskers-ground" width="100%" y="3" height=${HEIGHT - 6} rx="3" />
    <rect class="whiskers-bar" width=${at} y="3" height=${HEIGHT - 6} rx="3" />
    <line x1=${from} x2=${to} y1=${middle} y2=${middle} />
    ${[from, to].map((x) => html`<line key=${x} x1=${x} x2=${x} y1=${middle - CAP} y2=${middle + CAP} />`)}
  </svg>`;
}
