/** The keyboard: space, arrows, "/", L, and Ctrl Z; never while somebody types. */

import { toggleFeedback } from "./feedback.js";
import { next, player, previous, toggle } from "./playback.js";
import { current } from "./queue-state.js";
import { undoLast } from "./toasts.js";

const STEP_S = 5;
const TYPING = "input:not([type=range]), textarea, select, [contenteditable=true]";
const OWN_ARROWS = "input[type=range], [role=menu], [role=menu] *, .grip";
const OWN_SPACE = "button, a, summary, [role=menuitem]";

/** Whether the focus was last moved by a key: then space presses what has it. */
let byKey = false;

export function startKeys() {
  addEventListener("pointerdown", () => {
    byKey = false;
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Tab") byKey = true;
    const action = actionOf(event);
    if (!action) return;
    event.preventDefault();
    action();
  });
}

/** @param {KeyboardEvent} event @returns {(() => unknown) | null} */
function actionOf(event) {
  const { target, key } = event;
  if (event.defaultPrevented || event.altKey) return null;
  if (!(target instanceof Element) || target.matches(TYPING) || target.closest("dialog"))
    return null;
  if (event.ctrlKey || event.metaKey)
    return key.toLowerCase() === "z" && !event.shiftKey ? undoLast : null;
  if (key === " ") return byKey && target.closest(OWN_SPACE) ? null : event.repeat ? idle : toggle;
  if (key.startsWith("Arrow")) return target.matches(OWN_ARROWS) ? null : arrow(event);
  if (key === "/") return focusSearch;
  if (key.toLowerCase() === "l" && !event.repeat) return likeCurrent;
  return null;
}

const idle = () => {};

/** @param {KeyboardEvent} event */
function arrow({ key, shiftKey }) {
  const { position } = player;
  if (key === "ArrowRight") return shiftKey ? next : () => player.seek(position.value + STEP_S);
  if (key === "ArrowLeft") return shiftKey ? previous : () => player.seek(position.value - STEP_S);
  return null;
}

function focusSearch() {
  const input = document.querySelector("#search");
  if (input instanceof HTMLInputElement) input.select();
}

function likeCurrent() {
  const track = current.value?.track;
  if (track) toggleFeedback(track, "like");
}
