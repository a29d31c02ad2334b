/** @import { MenuItem } from "../types" */
/** One menu for the whole page: a popover beside the button that opened it. */

import { signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { html } from "../html.js";
import { Icon, IconButton } from "./icon.js";

const GAP = 6;

const menu = signal(/** @type {{ opener: HTMLElement, items: MenuItem[] } | null} */ (null));

/** @param {{ label: string, items: () => MenuItem[], icon?: string, testid?: string }} props */
export function MenuButton({ label, items, icon = "ellipsis", testid }) {
  return html`<${IconButton}
    icon=${icon}
    label=${label}
    testid=${testid}
    onClick=${(/** @type {MouseEvent} */ event) => {
      event.stopPropagation();
      openMenu(/** @type {HTMLElement} */ (event.currentTarget), items());
    }}
  />`;
}

/** @param {HTMLElement} opener @param {MenuItem[]} items */
export function openMenu(opener, items) {
  menu.value = { opener, items };
}

export function Menu() {
  const ref = useRef(/** @type {HTMLElement | null} */ (null));
  const open = menu.value;
  useLayoutEffect(() => {
    if (!open || !ref.current) return;
    ref.current.showPopover();
    placeBeside(ref.current, open.opener);
    ref.current.querySelector("button")?.focus({ preventScroll: true });
  }, [open]);
  if (!open) return null;
  return html`<div
    ref=${ref}
    class="menu"
    role="menu"
    popover="auto"
    onKeyDown=${moveFocus}
    onToggle=${(/** @type {ToggleEvent} */ event) => event.newState === "closed" && close(open)}
  >
    ${open.items.map((item) => html`<${Item} key=${item.label} item=${item} close=${() => close(open)} />`)}
  </div>`;
}

/** @param {{ item: MenuItem, close: () => void }} props */
function Item({ item, close }) {
  return html`<button
    type="button"
    role="menuitem"
    tabindex="-1"
    class=${item.apart ? "menu-apart" : ""}
    data-testid=${item.testid}
    onClick=${() => {
      close();
      item.act();
    }}
  >
    <${Icon} name=${item.icon} />${item.label}
  </button>`;
}

/** @param {{ opener: HTMLElement }} open */
function close({ opener }) {
  menu.value = null;
  if (opener.isConnected) opener.focus({ preventScroll: true });
}

/** @param {HTMLElement} panel @param {HTMLElement} opener */
function placeBeside(panel, opener) {
  const from = opener.getBoundingClientRect();
  const { width, height } = panel.getBoundingClientRect();
  const below = from.bottom + GAP + height < innerHeight;
  const top = below ? from.bottom + GAP : Math.max(GAP, from.top - GAP - height);
  const left = Math.max(GAP, Math.min(from.right - width, innerWidth - width - GAP));
  panel.style.top = `${top}px`;
  panel.style.left = `${left}px`;
}

/** @param {KeyboardEvent} event */
function moveFocus(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const panel = /** @type {HTMLElement} */ (event.currentTarget);
  const buttons = [...panel.querySelectorAll("button")];
  const at = buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
  buttons[(at + step + buttons.length) % buttons.length].focus();
}
