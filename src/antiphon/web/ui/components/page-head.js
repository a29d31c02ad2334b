/** The head of an album, an artist or a playlist: the cover leads, its colours spread behind. */

import { artUrl } from "../art.js";
import { html } from "../html.js";
import { Icon } from "./icon.js";

/** @param {{ cover: any, art: string, kind: string, title: string, facts?: any, children?: any }} props */
export function PageHead({ cover, art, kind, title, facts, children }) {
  return html`<header class="head">
    ${art && html`<div class="head-glow" aria-hidden="true"><img src=${artUrl(art, 96)} alt="" /></div>`}
    <div class="head-cover">${cover}</div>
    <div class="head-text">
      <p class="head-kind">${kind}</p>
      <h1 class="head-title" data-long=${title.length > 40}>${title}</h1>
      <p class="head-facts">${facts}</p>
      <div class="head-actions">${children}</div>
    </div>
  </header>`;
}

/** @param {{ label?: string, disabled?: boolean, onClick: () => void, testid?: string }} props */
export function PlayButton({ label = "Play", disabled = false, onClick, testid }) {
  return html`<button type="button" class="button button-main button-play" disabled=${disabled} onClick=${onClick} data-testid=${testid}>
    <${Icon} name="play" filled />${label}
  </button>`;
}

/** @param {{ onClick: () => void }} props */
export function RadioButton({ onClick }) {
  return html`<button type="button" class="button" onClick=${onClick} data-testid="start-radio">
    <${Icon} name="radio" />Radio
  </button>`;
}

/** What is so, beside what can be done. @param {{ icon: string, children?: any }} props */
export function Chip({ icon, children }) {
  return html`<span class="chip chip-state" data-testid="state"><${Icon} name=${icon} />${children}</span>`;
}

/** @param {{ onClick: () => void, disabled?: boolean }} props */
export function ShuffleButton({ onClick, disabled = false }) {
  return html`<button type="button" class="button" onClick=${onClick} disabled=${disabled} data-testid="smart-shuffle"
    title="In an order that begins with what you want now">
    <${Icon} name="shuffle" />Smart shuffle
  </button>`;
}

/** The facts of a head, with a dot between. @param {(any)[]} parts */
export function dotted(parts) {
  return parts
    .filter(Boolean)
    .map((part, index) => html`${index > 0 && html`<span class="dot"> · </span>`}${part}`);
}
