/** @import { Progress } from "../types" */
/** A quiet line while the library is scanned or its sound is analysed. */

import { html } from "../html.js";
import { progress } from "../live.js";

export function ProgressLine() {
  const { scan, analysis } = progress.value;
  if (!scan && !analysis) return null;
  return html`<div class="progress-line" data-testid="progress-line">
    ${scan && html`<${Line} name="Scanning the library" progress=${scan} />`}
    ${analysis && html`<${Line} name="Listening to the tracks" progress=${analysis} />`}
  </div>`;
}

/** @param {{ name: string, progress: Progress }} props */
function Line({ name, progress }) {
  const { done, total } = progress;
  const known = total > 0;
  return html`<div class="progress">
    <span class="progress-text">
      ${name}${known && html`<span class="dim"> · ${done.toLocaleString("en")} of ${total.toLocaleString("en")}</span>`}
    </span>
    <progress aria-label=${name} max=${known ? total : undefined} value=${known ? done : undefined}></progress>
  </div>`;
}
