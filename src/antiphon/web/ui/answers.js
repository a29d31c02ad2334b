/** @import { Answers, Entry, Recommended } from "./types" */
/** What Antiphon would play next, kept fresh. */

import { computed, signal } from "@preact/signals";
import { ask, credentials, problemOf, query } from "./api.js";
import { entry, trackIds } from "./queue.js";
import { queue } from "./queue-state.js";

/** @type {Answers} */
const NONE = { surface: "next", version: "", items: [] };
const LOW = 5;

const answers = signal(NONE);
let etag = "";
let asked = "";
/** @type {Promise<void> | null} */
let running = null;
let again = false;

/** Changes whenever Antiphon has thought again. */
export const answersVersion = computed(() => answers.value.version);

/** The upcoming answers, without what is already queued or was just heard. */
export const nextUp = computed(() => {
  const known = new Set(trackIds(queue.value));
  return answers.value.items.filter((item) => !known.has(item.track.id));
});

/** Makes the queue's place of an answer. @param {Recommended} answer @returns {Entry} */
export function entryOf(answer) {
  const source = { kind: /** @type {const} */ ("recommendation"), id: answers.value.version };
  return entry(answer.track, source, answer.reasons);
}

export function forgetAnswers() {
  answers.value = NONE;
  etag = "";
}

/** Asks anew; calls that come while one is under way end in one more. */
export function refreshAnswers() {
  if (running) again = true;
  else running = fetchAnswers().finally(finished);
  return running ?? Promise.resolve();
}

function finished() {
  running = null;
  if (!again) return;
  again = false;
  refreshAnswers();
}

/** Fetches more when few are left. */
export function topUpAnswers() {
  if (nextUp.value.length < LOW) return refreshAnswers();
  return Promise.resolve();
}

async function fetchAnswers() {
  const path = query("/answers/next", { exclude: trackIds(queue.value).join(","), limit: 20 });
  /** @type {Record<string, string>} */
  const headers = etag && path === asked ? { "If-None-Match": etag } : {};
  const response = await ask("GET", path, { headers });
  if (response.status === 401) credentials.onExpired();
  if (response.status === 304) return;
  if (!response.ok) throw await problemOf(response);
  asked = path;
  etag = response.headers.get("ETag") ?? "";
  answers.value = await response.json();
}

/** Asks for a radio; @param {string} seed as in track:ID @param {string[]} exclude track ids */
export async function askRadio(seed, exclude) {
  const path = query("/radio", { seed, exclude: exclude.join(","), limit: 25 });
  const response = await ask("GET", path);
  if (!response.ok) throw await problemOf(response);
  /** @type {Answers} */
  const radio = await response.json();
  const source = { kind: /** @type {const} */ ("radio"), id: seed };
  const entries = radio.items.map((item) => entry(item.track, source, item.reasons));
  return { title: radio.title ?? "", entries };
}
