/** Icons, drawn from the sprite that scripts/vendor makes of lucide's. */

import { html } from "../html.js";

/** @param {{ name: string, filled?: boolean }} props */
export function Icon({ name, filled = false }) {
  return html`<svg class=${filled ? "icon icon-filled" : "icon"} aria-hidden="true" focusable="false">
    <use href=${`/ui/vendor/icons.svg#${name}`} />
  </svg>`;
}

/**
 * A button that is only an icon; its label is read out and shown on hover.
 * @param {{ icon: string, label: string, onClick: (event: MouseEvent) => void, filled?: boolean,
 *   pressed?: boolean, kind?: string, testid?: string, disabled?: boolean, expanded?: boolean }} props
 */
export function IconButton(props) {
  const { icon, label, onClick, filled, pressed, kind = "", testid, disabled, expanded } = props;
  return html`<button
    type="button"
    class=${`icon-button ${kind}`}
    aria-label=${label}
    title=${label}
    aria-pressed=${pressed === undefined ? undefined : String(pressed)}
    aria-expanded=${expanded === undefined ? undefined : String(expanded)}
    data-testid=${testid}
    disabled=${disabled}
    onClick=${onClick}
  >
    <${Icon} name=${icon} filled=${filled} />
  </button>`;
}
