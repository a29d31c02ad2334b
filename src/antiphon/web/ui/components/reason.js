/** @import { Track } from "../types" */
/** Why a track is recommended, in a line; pressed, it tells the whole story. */

import { tellWhy } from "../dialogs.js";
import { html } from "../html.js";

/** @param {{ track: Track, reasons: string[] }} props */
export function Reason({ track, reasons }) {
  if (!reasons.length) return null;
  return html`<button type="button" class="reason" data-testid="reason" title=${`${reasons.join("; ")}. Tell me why`}
    aria-haspopup="dialog" onClick=${() => tellWhy(track)}>${reasons[0]}</button>`;
}
