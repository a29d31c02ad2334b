/** Choices that stand in the address: sorting, genre. */

import { asTree } from "../genres.js";
import { html } from "../html.js";
import { useResource } from "../resource.js";
import { navigate, place } from "../router.js";

/** An option's leading spaces are not shown, but for these. */
const INDENT = "\u2003";

/** @param {{ name: string, label: string, value: string, options: Record<string, string> }} props */
export function Select({ name, label, value, options }) {
  return html`<label class="select">
    <span class="visually-hidden">${label}</span>
    <select value=${value} data-testid=${`filter-${name}`} onChange=${(
      /** @type {Event} */ event,
    ) => {
      choose(name, /** @type {HTMLSelectElement} */ (event.currentTarget).value);
    }}>
      ${Object.entries(options).map(([id, text]) => html`<option key=${id} value=${id} selected=${id === value}>${text}</option>`)}
    </select>
  </label>`;
}

/** @param {{ genre: string }} props */
export function GenreSelect({ genre }) {
  const { data } = useResource("/genres");
  const rows = asTree(data?.items ?? []);
  const options = Object.fromEntries([
    ["", "All genres"],
    ...rows.map(({ name, depth }) => [name, INDENT.repeat(depth) + name]),
  ]);
  if (genre && !(genre in options)) options[genre] = genre;
  return html`<${Select} name="genre" label="Genre" value=${genre} options=${options} />`;
}

/** @param {string} name @param {string} value */
function choose(name, value) {
  const { path, query } = place.value;
  const chosen = new URLSearchParams(query);
  if (value) chosen.set(name, value);
  else chosen.delete(name);
  navigate(chosen.size ? `${path}?${chosen}` : path, { replace: true });
}
