/** @import { Phase, Track } from "./types" */
/** Plays one track at a time: a state machine over a deck of two audio elements. */

import { signal } from "@preact/signals";
import { createDeck } from "./deck.js";
import { transition } from "./player-state.js";

/**
 * @param {HTMLAudioElement[]} elements two of them
 * @param {{ ended: () => void, failed: (track: Track) => void }} on
 */
export function createPlayer(elements, on) {
  const deck = createDeck(elements);
  const phase = signal(/** @type {Phase} */ ("idle"));
  const position = signal(0);
  const duration = signal(0);
  const volume = signal(1);
  let factor = 1;
  /** What plays once play is asked for, with nothing loaded yet. @type {{ track: Track, at: number } | null} */
  let cued = null;

  /** @param {import("./player-state.js").Happening} happening */
  const happen = (happening) => {
    phase.value = transition(phase.value, happening);
  };

  async function start() {
    try {
      await deck.sounding().play();
    } catch (error) {
      // Not allowed before the first touch of the page: wait for it. Others speak by an event.
      if (error instanceof DOMException && error.name === "NotAllowedError") happen("pause");
    }
  }

  /** @param {Track} track @param {number} at seconds */
  function show(track, at) {
    position.value = at;
    duration.value = track.duration_ms / 1000;
  }

  /** Plays a track now. @param {Track} track @param {number} at seconds */
  function load(track, at = 0) {
    cued = null;
    show(track, at);
    deck.take(track, at);
    happen("load");
    return start();
  }

  /** Stands ready to play a track, without asking the server for it. @param {Track} track @param {number} at */
  function cue(track, at = 0) {
    unload();
    cued = { track, at };
    show(track, at);
    happen("cue");
  }

  function play() {
    if (cued) return load(cued.track, cued.at);
    happen("play");
    return start();
  }

  function pause() {
    deck.sounding().pause();
  }

  function unload() {
    cued = null;
    deck.clear();
    happen("unload");
    position.value = 0;
    duration.value = 0;
  }

  /** @param {number} seconds */
  function seek(seconds) {
    const at = Math.max(0, Math.min(seconds, duration.value));
    const here = deck.held();
    position.value = at;
    if (cued) cued.at = at;
    else if (here?.track.transcoded) reload(here.track, at);
    else deck.sounding().currentTime = at;
  }

  /** A transcoded stream begins anew where it is to go on. @param {Track} track @param {number} at */
  function reload(track, at) {
    const paused = deck.sounding().paused;
    if (paused) cue(track, at);
    else load(track, at);
  }

  /** Fetches the first bytes of the track that comes next. @param {Track} track */
  function preload(track) {
    if (!cued) deck.prepare(track);
  }

  /** @param {number} level 0 to 1 */
  function setVolume(level) {
    volume.value = Math.max(0, Math.min(1, level));
    adjust();
  }

  /** Turns what plays down or up, as far as the volume leaves room. @param {number} times */
  function setFactor(times) {
    factor = times;
    adjust();
  }

  function adjust() {
    for (const audio of elements) audio.volume = Math.min(1, volume.value * factor);
  }

  deck.listen({
    playing: () => happen("playing"),
    waiting: () => happen("waiting"),
    pause: () => {
      if (!deck.sounding().ended) happen("pause");
    },
    timeupdate: () => {
      position.value = (deck.held()?.offset ?? 0) + deck.sounding().currentTime;
    },
    durationchange: () => {
      const length = deck.sounding().duration;
      if (Number.isFinite(length) && !deck.held()?.track.transcoded) duration.value = length;
    },
    ended: () => {
      happen("ended");
      on.ended();
    },
    error: () => {
      const failed = deck.held();
      happen("failed");
      if (failed) on.failed(failed.track);
    },
  });

  return {
    phase,
    position,
    duration,
    volume,
    load,
    cue,
    play,
    pause,
    unload,
    seek,
    preload,
    setVolume,
    setFactor,
  };
}
