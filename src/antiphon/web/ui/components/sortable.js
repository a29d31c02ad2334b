/** Putting a list in order: by dragging the grip (mouse, pen, finger) or with its arrow keys. */

import { useRef } from "preact/hooks";
import { html } from "../html.js";
import { rowAfterDrag } from "../virtual-range.js";
import { Icon } from "./icon.js";

/**
 * The grip of one row; the row is its closest [data-sortable], among its siblings of that kind.
 * @param {{ index: number, count: number, label: string, onMove: (from: number, to: number) => void }} props
 */
export function Grip({ index, count, label, onMove }) {
  const drag = useRef(/** @type {{ row: HTMLElement, y: number, to: number } | null} */ (null));

  /** @param {PointerEvent} event */
  function begin(event) {
    if (event.button !== 0) return;
    const grip = /** @type {HTMLElement} */ (event.currentTarget);
    const row = /** @type {HTMLElement} */ (grip.closest("[data-sortable]"));
    grip.setPointerCapture(event.pointerId);
    row.dataset.dragged = "true";
    drag.current = { row, y: event.clientY, to: index };
  }

  /** @param {PointerEvent} event */
  function follow(event) {
    if (!drag.current) return;
    const { row, y } = drag.current;
    const pixels = event.clientY - y;
    drag.current.to = rowAfterDrag(index, pixels, row.offsetHeight, count);
    row.style.transform = `translateY(${pixels}px)`;
    makeRoom(row, index, drag.current.to);
  }

  function end() {
    if (!drag.current) return;
    const { row, to } = drag.current;
    drag.current = null;
    delete row.dataset.dragged;
    for (const sibling of siblings(row)) sibling.style.transform = "";
    if (to !== index) onMove(index, to);
  }

  /** @param {KeyboardEvent} event */
  function byKey(event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step || index + step < 0 || index + step >= count) return;
    event.preventDefault();
    onMove(index, index + step);
  }

  return html`<button
    type="button"
    class="grip icon-button"
    aria-label=${`Move ${label}: arrow keys up and down`}
    title="Drag, or use the arrow keys"
    data-testid="grip"
    onPointerDown=${begin}
    onPointerMove=${follow}
    onPointerUp=${end}
    onPointerCancel=${end}
    onKeyDown=${byKey}
  >
    <${Icon} name="grip-vertical" />
  </button>`;
}

/** @param {HTMLElement} row @returns {HTMLElement[]} */
function siblings(row) {
  return [...(row.parentElement?.querySelectorAll(":scope > [data-sortable]") ?? [])].map(
    (sibling) => /** @type {HTMLElement} */ (sibling),
  );
}

/** The rows between give way. @param {HTMLElement} row @param {number} from @param {number} to */
function makeRoom(row, from, to) {
  siblings(row).forEach((sibling, index) => {
    if (sibling === row) return;
    const passed = index > from && index <= to ? -1 : index < from && index >= to ? 1 : 0;
    sibling.style.transform = passed ? `translateY(${passed * row.offsetHeight}px)` : "";
  });
}
