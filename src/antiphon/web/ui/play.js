/** @import { Answers, Entry, From, Queue, Recommended, Source, Track } from "./types" */
/** What a listener can ask to hear: now, next, last in the queue, or well mixed. */

import { entryOf, nextUp, refreshAnswers } from "./answers.js";
import { request } from "./api.js";
import { turn } from "./playback.js";
import { advance, append, entry, insertNext, startWith } from "./queue.js";
import { current, queue } from "./queue-state.js";
import { askRadio, retune, seedsOfRadio } from "./radio.js";
import { attempt, say } from "./toasts.js";

const SHUFFLED = 200;

/** Plays a list from one of its places on. @param {Entry[]} entries @param {number} index */
export async function playEntries(entries, index = 0) {
  if (!entries.length) say("There is nothing to play here.");
  else await turn("skipped", (now) => startWith(now, entries, index));
}

/** @param {Track[]} tracks @param {number} index @param {Source | null} source */
export function playTracks(tracks, index, source) {
  const entries = entriesOf(tracks, source);
  const start = entries.findIndex((candidate) => candidate.track === tracks[index]);
  return playEntries(entries, Math.max(0, start));
}

/** Plays one answer now; what is queued stays, the endless queue goes on from there. @param {Recommended} answer @param {From} [from] */
export const playAnswer = (answer, from) =>
  turn("skipped", (now) => advance(insertNext(now, [entryOf(answer, from)])));

/** Plays what Antiphon would play now. */
export async function playForMe() {
  if (!nextUp.value.length) await attempt(refreshAnswers);
  const [answer] = nextUp.value;
  if (answer) await playAnswer(answer);
  else say("There is nothing to play yet.");
}

/** @param {Track[]} tracks @param {Source | null} source */
export const playNext = (tracks, source) => put(tracks, source, insertNext, "Plays next");

/** @param {Track[]} tracks @param {Source | null} source */
export const enqueue = (tracks, source) => put(tracks, source, append, "Added to the queue");

/**
 * @param {Track[]} tracks
 * @param {Source | null} source
 * @param {(queue: Queue, entries: Entry[]) => Queue} place
 * @param {string} done
 */
async function put(tracks, source, place, done) {
  const entries = entriesOf(tracks, source);
  if (!current.value) {
    await playEntries(entries);
    return;
  }
  queue.value = place(queue.value, entries);
  say(tracks.length === 1 ? `${done}: ${tracks[0].title}` : `${done}: ${tracks.length} tracks`);
}

/** @param {Track[]} tracks @param {Source | null} source */
function entriesOf(tracks, source) {
  return tracks.filter((track) => !track.missing).map((track) => entry(track, source));
}

/** @param {string} seed as in track:ID, artist:ID, album:ID, playlist:ID or genre:NAME */
export function startRadio(seed) {
  return attempt(async () => {
    const { title, entries } = await askRadio([seed], []);
    await playEntries(entries);
    if (entries.length && title) say(title);
  });
}

/** Adds a seed to the radio that plays: what follows is about all of them. @param {string} seed */
export function mixIn(seed) {
  return attempt(async () => {
    const title = await retune([...new Set([...seedsOfRadio(), seed])]);
    if (title) say(title);
  });
}

/** Plays the tracks of a seed in the order that suits the listener now. @param {string} seed as of a radio, or "liked" @param {Source} source */
export function playShuffled(seed, source) {
  return attempt(async () => {
    const body = { seed, limit: SHUFFLED };
    /** @type {Answers} */
    const { items, version } = await request("POST", "/answers/shuffle", { body });
    const from = { ...source, answer: version };
    await playEntries(items.map((item) => entry(item.track, from, item.reasons)));
  });
}
