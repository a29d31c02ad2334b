/** The needle's way through the track: its waveform where it is known, else a line. */

import { signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { clock } from "../format.js";
import { html } from "../html.js";
import { player } from "../playback.js";
import { current } from "../queue-state.js";
import { useSound } from "../sound.js";
import { heights, picture } from "../waveform.js";

/** While the thumb is held, the needle waits for it. */
const held = signal(/** @type {number | null} */ (null));

export function SeekBar() {
  const length = player.duration.value;
  const at = held.value ?? player.position.value;
  const share = length > 0 ? Math.min(1, at / length) : 0;
  const outline = useOutline();
  return html`<div class="player-seek">
    <span class="player-time" data-testid="player-time">${clock(at)}</span>
    <span class="seek" style=${{ "--share": share, "--outline": outline }}>
      ${outline && html`<span class="waveform" data-testid="waveform" aria-hidden="true"></span>`}
      <input
        type="range" class=${outline ? "slider on-waveform" : "slider"} data-testid="player-seek"
        aria-label="Position" aria-valuetext=${`${clock(at)} of ${clock(length)}`}
        min="0" max=${Math.max(length, 1)} step="0.1" value=${at} disabled=${!current.value}
        onInput=${(/** @type {InputEvent} */ event) => {
          held.value = numberOf(event);
        }}
        onChange=${(/** @type {Event} */ event) => {
          held.value = null;
          player.seek(numberOf(event));
        }}
      />
    </span>
    <span class="player-time">${clock(length)}</span>
  </div>`;
}

/** The present track's waveform as a CSS image, "" where there is none. */
function useOutline() {
  const sound = useSound(current.value?.track);
  return useMemo(() => {
    const bars = heights(sound?.waveform ?? "");
    return bars.some((height) => height > 0) ? picture(bars) : "";
  }, [sound?.waveform]);
}

/** @param {Event} event */
const numberOf = (event) => Number(/** @type {HTMLInputElement} */ (event.currentTarget).value);
