/** @import { Track } from "./types" */
/** Two audio elements: the active one sounds, the standby holds the first bytes of the next track. */

/** @typedef {{ track: Track, offset: number }} Held offset: where a transcoded stream begins, in s */

/** @param {HTMLAudioElement[]} elements two of them */
export function createDeck(elements) {
  /** @type {(Held | null)[]} */
  const held = [null, null];
  let active = 0;
  const standby = () => 1 - active;

  /** @param {number} index @param {Track} track @param {number} at seconds */
  function fill(index, track, at) {
    const offset = track.transcoded ? Math.floor(at) : 0;
    held[index] = { track, offset };
    elements[index].src = address(track, offset);
    if (at > offset) elements[index].currentTime = at - offset;
  }

  /** @param {number} index */
  function empty(index) {
    if (!held[index]) return;
    held[index] = null;
    elements[index].pause();
    elements[index].removeAttribute("src");
    elements[index].load();
  }

  /** @param {number} index */
  function activate(index) {
    active = index;
    elements.forEach((audio, i) => {
      audio.dataset.active = String(i === index);
    });
  }

  /** Makes a track the active one, from the standby where that already holds it. @param {Track} track @param {number} at */
  function take(track, at) {
    if (at === 0 && held[standby()]?.track.id === track.id) {
      empty(active);
      activate(standby());
    } else {
      empty(standby());
      fill(active, track, at);
    }
  }

  /** Lets the standby fetch a track. @param {Track} track */
  function prepare(track) {
    if (held[standby()]?.track.id !== track.id) fill(standby(), track, 0);
  }

  function clear() {
    empty(0);
    empty(1);
  }

  /**
   * Hears events of the active element only; a standby that fails is emptied, its turn will tell.
   * @param {Record<string, () => void>} reactions
   */
  function listen(reactions) {
    elements.forEach((audio, index) => {
      for (const [name, react] of Object.entries(reactions))
        audio.addEventListener(name, () => index === active && held[index] && react());
      audio.addEventListener("error", () => index !== active && empty(index));
    });
  }

  activate(0);
  return {
    take,
    prepare,
    clear,
    listen,
    sounding: () => elements[active],
    held: () => held[active],
  };
}

/** @param {Track} track @param {number} offset seconds */
function address(track, offset) {
  const from = offset ? `?offset=${offset}` : "";
  return `/stream/${encodeURIComponent(track.id)}${from}`;
}
