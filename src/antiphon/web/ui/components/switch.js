/** Something that is on or off. */

import { html } from "../html.js";

/** @param {{ on: boolean, labelledby: string, onChange: (on: boolean) => void, testid?: string }} props */
export function Switch({ on, labelledby, onChange, testid }) {
  return html`<button type="button" class="switch" role="switch" aria-checked=${String(on)}
    aria-labelledby=${labelledby} data-testid=${testid} onClick=${() => onChange(!on)}><i></i></button>`;
}
