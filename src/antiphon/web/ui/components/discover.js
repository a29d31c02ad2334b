/** The slider between what the listener knows and what is new to them. */

import { inWords, tune } from "../controls.js";
import { html } from "../html.js";
import { preferences } from "../preferences.js";

const STEP = 0.05;

export function Discover() {
  const { discover } = preferences.value;
  return html`<div class="discover">
    <span class="discover-end" aria-hidden="true">Familiar</span>
    <input type="range" class="slider" data-testid="discover" min="0" max="1" step=${STEP}
      value=${discover} style=${{ "--share": discover }}
      aria-label="From the familiar to the new" aria-valuetext=${inWords(discover)} title=${inWords(discover)}
      onInput=${(/** @type {InputEvent} */ event) => {
        tune(Number(/** @type {HTMLInputElement} */ (event.currentTarget).value));
      }} />
    <span class="discover-end" aria-hidden="true">Discover</span>
  </div>`;
}
