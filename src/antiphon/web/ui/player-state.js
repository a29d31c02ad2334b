/** @import { Phase } from "./types" */
/** The states of the player, and what leads from one to the other. */

/** @typedef {"load" | "cue" | "play" | "playing" | "waiting" | "pause" | "ended" | "failed" | "unload"} Happening */

/** @type {Record<Phase, Partial<Record<Happening, Phase>>>} */
const TRANSITIONS = {
  idle: { load: "loading", cue: "paused" },
  loading: {
    load: "loading",
    cue: "paused",
    playing: "playing",
    pause: "paused",
    ended: "idle",
    failed: "idle",
    unload: "idle",
  },
  playing: {
    load: "loading",
    cue: "paused",
    waiting: "loading",
    pause: "paused",
    ended: "idle",
    failed: "idle",
    unload: "idle",
  },
  paused: {
    load: "loading",
    cue: "paused",
    play: "loading",
    playing: "playing",
    ended: "idle",
    failed: "idle",
    unload: "idle",
  },
};

/**
 * The next state; what makes no sense in a state changes nothing.
 * @param {Phase} phase
 * @param {Happening} happening
 * @returns {Phase}
 */
export function transition(phase, happening) {
  return TRANSITIONS[phase][happening] ?? phase;
}
