/** @import { Answers, Source } from "./types" */
/** The radio: an endless queue around some seeds, that bends to skips and likes while it plays. */

import { get, query } from "./api.js";
import { append, entry, steer, trackIds } from "./queue.js";
import { queue } from "./queue-state.js";

const LOW = 3;
const LENGTH = 25;
const REMEMBERED = 50;
/** Between the seeds in a source's id; no id has it, and hardly a genre. */
const BETWEEN = "|";

/** For so long after a skip or a like each new answer may be the one that knows of it. */
const SETTLES_MS = 2000;

/** When the listener last said something that the radio is to follow; null: it has. @type {number | null} */
let bentAt = null;

/** The seeds of the radio that plays, none while none does. */
export function seedsOfRadio() {
  const source = queue.value.current?.source;
  return source?.kind === "radio" ? source.id.split(BETWEEN) : [];
}

/** The listener has skipped or liked: the radio follows as soon as that has been thought over. */
export function bend() {
  if (seedsOfRadio().length) bentAt = performance.now();
}

/** What was said has been thought over: then the radio has a new answer too. */
export async function follow() {
  const seeds = seedsOfRadio();
  if (bentAt === null || !seeds.length) return;
  if (performance.now() - bentAt > SETTLES_MS) bentAt = null;
  await retune(seeds);
}

/**
 * Asks anew for what follows; what the listener has queued by hand stays where it is.
 * @param {string[]} seeds
 */
export async function retune(seeds) {
  const { past, current, upcoming } = queue.value;
  const own = upcoming.filter(({ source }) => source?.kind !== "radio");
  const heard = trackIds({ past, current, upcoming: own }, REMEMBERED);
  const { title, entries } = await askRadio(seeds, heard);
  const playing = queue.value.current;
  if (playing?.source?.kind !== "radio") return "";
  // By what plays the radio is known: from now on it is about these seeds.
  const source = { ...playing.source, id: seeds.join(BETWEEN) };
  queue.value = steer({ ...queue.value, current: { ...playing, source } }, entries);
  return title;
}

/** A radio goes on for as long as it is listened to. */
export async function refillRadio() {
  const seeds = seedsOfRadio();
  if (!seeds.length || queue.value.upcoming.length >= LOW) return;
  const { entries } = await askRadio(seeds, trackIds(queue.value, REMEMBERED));
  queue.value = append(queue.value, entries);
}

/** @param {string[]} seeds as in track:ID, artist:ID, album:ID, playlist:ID, genre:NAME @param {string[]} exclude track ids */
export async function askRadio(seeds, exclude) {
  const path = query("/radio", { exclude: exclude.join(","), limit: LENGTH });
  const named = seeds.map((seed) => `seed=${encodeURIComponent(seed)}`).join("&");
  /** @type {Answers} */
  const radio = await get(`${path}&${named}`);
  /** @type {Source} */
  const source = { kind: "radio", id: seeds.join(BETWEEN), answer: radio.version };
  const entries = radio.items.map((item) => entry(item.track, source, item.reasons));
  return { title: radio.title ?? "", entries };
}
