/** Light, dark or as the system says. */

import { effect, signal } from "@preact/signals";
import { keep, recall } from "./storage.js";

/** @typedef {"auto" | "light" | "dark"} Theme */

export const theme = signal(/** @type {Theme} */ (recall("theme", "auto")));

export function startTheme() {
  effect(() => {
    document.documentElement.dataset.theme = theme.value;
    keep("theme", theme.value);
  });
}
