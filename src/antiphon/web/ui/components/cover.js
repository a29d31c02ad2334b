/** Covers: the picture where there is one, a quiet coloured field where there is none. */

import { useSignal } from "@preact/signals";
import { artFor, hueOfName } from "../art.js";
import { html } from "../html.js";
import { Icon } from "./icon.js";

/** @param {{ art: string, name: string, width?: number, round?: boolean, eager?: boolean }} props */
export function Cover({ art, name, width = 180, round = false, eager = false }) {
  const shown = useSignal("");
  const failed = useSignal("");
  const kind = round ? "cover cover-round" : "cover";
  if (!art || failed.value === art)
    return html`<span class=${`${kind} cover-none`} style=${{ "--own-hue": hueOfName(name) }}>
      <${Icon} name=${round ? "user-round" : "disc-3"} />
    </span>`;
  return html`<span class=${kind}>
    <img
      src=${artFor(art, width)}
      alt=""
      loading=${eager ? "eager" : "lazy"}
      decoding="async"
      draggable=${false}
      data-shown=${shown.value === art}
      onLoad=${() => {
        shown.value = art;
      }}
      onError=${() => {
        failed.value = art;
      }}
    />
  </span>`;
}

/** A playlist's cover: up to four pictures. @param {{ arts: string[], name: string, width?: number }} props */
export function Mosaic({ arts, name, width = 180 }) {
  if (arts.length < 4) return html`<${Cover} art=${arts[0] ?? ""} name=${name} width=${width} />`;
  return html`<span class="cover cover-mosaic">
    ${arts.slice(0, 4).map((art) => html`<${Cover} key=${art} art=${art} name=${name} width=${width / 2} />`)}
  </span>`;
}
