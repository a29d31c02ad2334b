/** A list of any length that only holds the rows in sight; rows are of one height. */

import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { html } from "../html.js";
import { visibleRange } from "../virtual-range.js";

const ROW_HEIGHT = 60;
const SPARE = 8;

/** @param {{ count: number, row: (index: number) => any, onReach?: (row: number) => void }} props */
export function VirtualList({ count, row, onReach }) {
  const ref = useRef(/** @type {HTMLElement | null} */ (null));
  const range = useSignal({ first: 0, end: Math.min(count, 30) });

  useLayoutEffect(() => {
    const list = /** @type {HTMLElement} */ (ref.current);
    const scroller = /** @type {HTMLElement} */ (list.closest("#scroller"));
    const measure = () => {
      const scrolled = scroller.getBoundingClientRect().top - list.getBoundingClientRect().top;
      const viewport = scroller.clientHeight;
      const now = visibleRange({ scrolled, viewport, rowHeight: ROW_HEIGHT, count, spare: SPARE });
      const before = range.peek();
      if (now.first !== before.first || now.end !== before.end) range.value = now;
      onReach?.(now.end);
    };
    measure();
    const resized = new ResizeObserver(measure);
    resized.observe(scroller);
    scroller.addEventListener("scroll", measure, { passive: true });
    return () => {
      resized.disconnect();
      scroller.removeEventListener("scroll", measure);
    };
  }, [count, onReach]);

  const { first, end } = range.value;
  const shown = Math.max(0, Math.min(end, count) - first);
  const rows = useKeptRows(row, first, shown);
  return html`<div ref=${ref} class="virtual" style=${{ height: `${count * ROW_HEIGHT}px` }}>
    <div class="virtual-window" style=${{ transform: `translateY(${first * ROW_HEIGHT}px)` }}>${rows}</div>
  </div>`;
}

/**
 * Makes rows, each once: a row that stays in sight is not drawn again while others come and go.
 * @param {(index: number) => any} row
 * @param {number} first
 * @param {number} count
 */
function useKeptRows(row, first, count) {
  const kept = useRef({ row, rows: new Map() });
  const before = kept.current.row === row ? kept.current.rows : new Map();
  const rows = new Map();
  for (let index = first; index < first + count; index++)
    rows.set(index, before.get(index) ?? row(index));
  kept.current = { row, rows };
  return [...rows.values()];
}

/** Calls when the end of a list comes near. @param {{ onReach: () => void, turn: unknown }} props */
export function NearEnd({ onReach, turn }) {
  const ref = useRef(/** @type {HTMLElement | null} */ (null));
  useLayoutEffect(() => {
    const watch = new IntersectionObserver(([seen]) => seen.isIntersecting && onReach(), {
      root: document.querySelector("#scroller"),
      rootMargin: "800px",
    });
    watch.observe(/** @type {HTMLElement} */ (ref.current));
    return () => watch.disconnect();
  }, [onReach, turn]);
  return html`<div ref=${ref} class="near-end"></div>`;
}
