/** Small stand-ins: a track, an audio element that plays silence, a browser's storage. */

/** @param {string} id */
export function track(id, more = {}) {
  return /** @type {any} */ ({ id, title: id, duration_ms: 30_000, transcoded: false, ...more });
}

/** Does what the player asks and tells it by events, like a media element; sound is left out. */
export class SilentAudio extends EventTarget {
  src = "";
  currentTime = 0;
  duration = Number.NaN;
  volume = 1;
  paused = true;
  ended = false;
  dataset = {};

  async play() {
    this.paused = false;
    this.tell("playing");
  }

  pause() {
    if (!this.paused) {
      this.paused = true;
      this.tell("pause");
    }
  }

  load() {
    this.paused = true;
    this.currentTime = 0;
  }

  removeAttribute() {
    this.src = "";
  }

  /** @param {number} seconds */
  playUntil(seconds) {
    this.currentTime = seconds;
    this.tell("timeupdate");
  }

  playToTheEnd() {
    this.ended = true;
    this.paused = true;
    this.tell("pause");
    this.tell("ended");
    this.ended = false;
  }

  /** @param {string} name */
  tell(name) {
    this.dispatchEvent(new Event(name));
  }
}

/** localStorage, in memory. */
export function memoryStorage() {
  const kept = new Map();
  return {
    /** @param {string} name */
    getItem: (name) => kept.get(name) ?? null,
    /** @param {string} name @param {string} value */
    setItem: (name, value) => kept.set(name, value),
  };
}
