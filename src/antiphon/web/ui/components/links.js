/** @import { Credit } from "../types" */
/** Names that lead somewhere. */

import { html } from "../html.js";

/** @param {{ credits: Credit[] }} props */
export function ArtistLinks({ credits }) {
  return html`<span class="names">
    ${credits.map(
      (credit, index) => html`${index > 0 && ", "}<a
          key=${credit.id}
          class="quiet-link"
          href=${`/artists/${credit.id}`}
          >${credit.name}</a
        >`,
    )}
  </span>`;
}
