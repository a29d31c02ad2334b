/** @import { Answers, Entry, From, News, Recommended, Source } from "./types" */
/** What Antiphon would play next, kept fresh. */

import { computed, signal } from "@preact/signals";
import { ask, credentials, problemOf, query } from "./api.js";
import { preferences } from "./preferences.js";
import { entry, trackIds } from "./queue.js";
import { queue } from "./queue-state.js";

/** @type {Answers} */
const NONE = { surface: "next", version: "", event: "", note: "", items: [] };
const LOW = 5;
/** An answer that is pushed is here sooner. */
const PATIENCE_MS = 1000;

/** The latest answer. */
export const answers = signal(NONE);
let etag = "";
let asked = "";
/** @type {Promise<void> | null} */
let running = null;
let again = false;
let expecting = false;

/** Changes whenever Antiphon has thought again. */
export const answersVersion = computed(() => answers.value.version);

/** The upcoming answers, without what is already queued or was just heard, or is banned by now. */
export const nextUp = computed(() => {
  const { banned_artists, banned_tracks } = preferences.value;
  const out = new Set([...trackIds(queue.value), ...idsOf(banned_tracks)]);
  const artists = new Set(idsOf(banned_artists));
  return answers.value.items.filter(
    ({ track }) => !out.has(track.id) && !track.artists.some(({ id }) => artists.has(id)),
  );
});

/** @param {{ id: string }[]} things */
const idsOf = (things) => things.map(({ id }) => id);

/** What comes from an answer says so wherever it is played: there it counts. @param {From} from @returns {Source} */
export function sourceOf({ surface, version }) {
  return { kind: "recommendation", id: surface, answer: version };
}

/** Makes the queue's place of an item of an answer. @param {Recommended} item @param {From} from @returns {Entry} */
export function entryOf(item, from = answers.value) {
  return entry(item.track, sourceOf(from), item.reasons);
}

export function forgetAnswers() {
  answers.value = NONE;
  etag = "";
}

/** Asks anew, unless the news is of what is here already. @param {News} news */
export function hearOf({ version }) {
  return version && version === answers.value.version ? Promise.resolve() : refreshAnswers();
}

/** The server was told something: asks anew, unless the answer comes by itself. */
export function expectAnswer() {
  if (expecting) return;
  expecting = true;
  const known = answers.value.version;
  setTimeout(() => {
    expecting = false;
    if (answers.value.version === known) refreshAnswers().catch(() => {});
  }, PATIENCE_MS);
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
  refreshAnswers().catch(() => {});
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
