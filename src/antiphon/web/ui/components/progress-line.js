/** @import { Progress } from "../types" */
/** A quiet line while the library is scanned or its sound is analysed, and what could be better. */

import { signal } from "@preact/signals";
import { request } from "../api.js";
import { count, pace } from "../format.js";
import { html } from "../html.js";
import { advice, progress } from "../live.js";
import { session } from "../session.js";
import { keep, recall } from "../storage.js";
import { attempt } from "../toasts.js";

const PAUSED = "paused";
const read = signal(recall("advice-read", ""));

export function ProgressLine() {
  const { scan, analysis } = progress.value;
  const isAdmin = session.value?.user.role === "admin";
  const advised = isAdmin && advice.value && advice.value !== read.value;
  if (!scan && !analysis && !advised) return null;
  return html`<div class="progress-line" data-testid="progress-line">
    ${scan && html`<${Line} name="Scanning the library" progress=${scan} />`}
    ${analysis && (analysis.phase === PAUSED ? html`<${Paused} waiting=${analysis.total} mayResume=${isAdmin} />` : html`<${Line} name="Listening to the tracks" progress=${analysis}>${isAdmin && html`<${Pause} paused />`}<//>`)}
    ${advised && html`<${Advice} />`}
  </div>`;
}

/** @param {{ name: string, progress: Progress, children?: any }} props */
function Line({ name, progress, children }) {
  const { done, total } = progress;
  const known = total > 0;
  const said = [
    known && `${done.toLocaleString("en")} of ${total.toLocaleString("en")}`,
    pace(progress),
  ];
  return html`<div class="progress">
    <span class="progress-text">
      ${name}<span class="dim">${said.filter(Boolean).map((text) => ` · ${text}`)}</span>
    </span>
    <progress aria-label=${name} max=${known ? total : undefined} value=${known ? done : undefined}></progress>
    ${children}
  </div>`;
}

/** @param {{ waiting: number, mayResume: boolean }} props */
function Paused({ waiting, mayResume }) {
  return html`<div class="progress">
    <span class="progress-text">Listening is paused
      ${waiting > 0 && html`<span class="dim"> · ${count(waiting, "track")} to go</span>`}
    </span>
    ${mayResume && html`<${Pause} paused=${false} />`}
  </div>`;
}

/** @param {{ paused: boolean }} props what it is to be */
function Pause({ paused }) {
  return html`<button type="button" class="text-button" data-testid="pause-analysis"
    onClick=${() => attempt(() => request("PUT", "/analysis", { body: { paused } }))}>
    ${paused ? "Pause" : "Go on"}
  </button>`;
}

function Advice() {
  return html`<div class="progress progress-advice" data-testid="advice">
    <span>${advice.value}</span>
    <button type="button" class="text-button" onClick=${() => {
      read.value = advice.value;
      keep("advice-read", advice.value);
    }}>Dismiss</button>
  </div>`;
}
