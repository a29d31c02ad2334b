/** Gentle moves: what changes place in a list glides there (FLIP, Paul Lewis 2015). */

import { useLayoutEffect, useRef } from "preact/hooks";

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const MOVE = { duration: 260, easing: "cubic-bezier(.2, .7, .2, 1)" };

/**
 * Animates the children of an element whenever the turn changes; children carry data-flip.
 * @param {unknown} turn
 */
export function useFlip(turn) {
  const ref = useRef(/** @type {HTMLElement | null} */ (null));
  const before = useRef(/** @type {Map<string, DOMRect>} */ (new Map()));
  useLayoutEffect(() => {
    const now = new Map();
    for (const child of ref.current?.children ?? []) {
      const name = /** @type {HTMLElement} */ (child).dataset.flip;
      if (!name) continue;
      now.set(name, child.getBoundingClientRect());
      if (before.current.size && !calm.matches)
        glide(child, before.current.get(name), now.get(name));
    }
    before.current = now;
  }, [turn]);
  return ref;
}

/** @param {Element} child @param {DOMRect | undefined} from @param {DOMRect} to */
function glide(child, from, to) {
  if (!from) {
    child.animate(
      [
        { opacity: 0, transform: "scale(.98)" },
        { opacity: 1, transform: "none" },
      ],
      MOVE,
    );
    return;
  }
  const [x, y] = [from.left - to.left, from.top - to.top];
  if (x || y)
    child.animate([{ transform: `translate(${x}px, ${y}px)` }, { transform: "none" }], MOVE);
}
