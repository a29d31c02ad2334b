/** Which rows of a long list have to exist, from where it is scrolled to. */

/**
 * @param {{ scrolled: number, viewport: number, rowHeight: number, count: number, spare: number }} list
 *   scrolled: pixels of the list above the top of the viewport (negative: the list starts below it)
 * @returns {{ first: number, end: number }} a half-open range of row numbers
 */
export function visibleRange({ scrolled, viewport, rowHeight, count, spare }) {
  const first = Math.floor(scrolled / rowHeight) - spare;
  const end = Math.ceil((scrolled + viewport) / rowHeight) + spare;
  const within = (/** @type {number} */ row) => Math.max(0, Math.min(row, count));
  return { first: within(first), end: within(end) };
}

/**
 * The row that something dragged by so many pixels is over now.
 * @param {number} from row number
 * @param {number} pixels dragged
 * @param {number} rowHeight
 * @param {number} count
 */
export function rowAfterDrag(from, pixels, rowHeight, count) {
  return Math.max(0, Math.min(from + Math.round(pixels / rowHeight), count - 1));
}
