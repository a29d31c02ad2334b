/** What stands in for content: nothing there, something wrong, still loading; and the toasts. */

import { html } from "../html.js";
import { answer, dismiss, hold, release, toasts } from "../toasts.js";
import { Icon, IconButton } from "./icon.js";

/** @param {{ icon: string, title: string, children?: any }} props */
export function Empty({ icon, title, children }) {
  return html`<div class="empty">
    <span class="empty-icon"><${Icon} name=${icon} /></span>
    <p class="empty-title">${title}</p>
    <p class="empty-text">${children}</p>
  </div>`;
}

/** @param {{ error: any, retry: () => void }} props */
export function Trouble({ error, retry }) {
  const text = error?.detail ?? "Something went wrong in the player.";
  return html`<div class="empty" role="alert">
    <span class="empty-icon"><${Icon} name="circle-alert" /></span>
    <p class="empty-title">${error?.status === 404 ? "This is not here" : "That did not work"}</p>
    <p class="empty-text">${text}</p>
    <button type="button" class="button" onClick=${retry}>Try again</button>
  </div>`;
}

/** @param {{ cards?: number, round?: boolean }} props */
export function CardSkeletons({ cards = 12, round = false }) {
  return html`<div class="grid" aria-hidden="true">
    ${Array.from(
      { length: cards },
      (_, index) => html`<div key=${index} class="card">
        <span class=${round ? "skeleton skeleton-round" : "skeleton skeleton-cover"}></span>
        <span class="skeleton skeleton-line"></span>
        <span class="skeleton skeleton-line skeleton-short"></span>
      </div>`,
    )}
  </div>`;
}

/** @param {{ rows?: number }} props */
export function RowSkeletons({ rows = 8 }) {
  return html`<div aria-hidden="true">
    ${Array.from({ length: rows }, (_, index) => html`<${RowSkeleton} key=${index} />`)}
  </div>`;
}

export function RowSkeleton() {
  return html`<div class="row row-skeleton">
    <span class="skeleton skeleton-thumb"></span>
    <span class="row-main">
      <span class="skeleton skeleton-line"></span>
      <span class="skeleton skeleton-line skeleton-short"></span>
    </span>
  </div>`;
}

export function Toasts() {
  return html`<div class="toasts" role="status" aria-live="polite">
    ${toasts.value.map((toast) => html`<${Said} key=${toast.id} toast=${toast} />`)}
  </div>`;
}

/** @param {{ toast: import("../toasts.js").Toast }} props */
function Said({ toast }) {
  const held = { onMouseEnter: () => hold(toast), onFocusIn: () => hold(toast) };
  const released = { onMouseLeave: () => release(toast), onFocusOut: () => release(toast) };
  return html`<div class=${`toast toast-${toast.tone}`} data-testid="toast" ...${held} ...${released}>
    <span class="toast-text">${toast.text}</span>
    ${toast.replies.map(
      (reply) => html`<button key=${reply.label} type="button" class="toast-reply"
        data-testid="toast-reply" onClick=${() => answer(toast, reply)}>${reply.label}</button>`,
    )}
    <${IconButton} icon="x" label="Dismiss" onClick=${() => dismiss(toast.id)} />
  </div>`;
}
