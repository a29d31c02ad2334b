/** @import { Sound, Track } from "./types" */
/** How a track sounds: its waveform, tempo, key and loudness, where it was listened to. */

import { useResource } from "./resource.js";

/**
 * @param {Track | undefined} track
 * @returns {Sound | undefined}
 */
export function useSound(track) {
  return useResource(track?.heard ? `/tracks/${track.id}/sound` : "").data;
}

/** @param {Sound} sound such as "128 BPM · A minor · −9.2 LUFS" */
export function described({ tempo_bpm, key, loudness_lufs }) {
  const said = [
    tempo_bpm > 0 && `${Math.round(tempo_bpm)} BPM`,
    key,
    loudness_lufs !== null && `${loudness_lufs.toFixed(1).replace("-", "−")} LUFS`,
  ];
  return said.filter(Boolean).join(" · ");
}
