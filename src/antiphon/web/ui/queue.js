/** @import { Entry, Queue, Source, Track } from "./types" */
/** The order of play, as plain data: what was heard, what is heard, what comes next. */

const PAST_KEPT = 100;
const UPCOMING_KEPT = 1000;

/** @type {Queue} */
export const EMPTY = { past: [], current: null, upcoming: [] };

let lastKey = Date.now();

/**
 * @param {Track} track
 * @param {Source | null} source
 * @param {string[]} reasons
 * @returns {Entry}
 */
export function entry(track, source, reasons = []) {
  return { key: ++lastKey, track, source, reasons };
}

/**
 * Replaces the queue by a list, from one of its places on; the ones before can be gone back to.
 * @param {Queue} queue
 * @param {Entry[]} entries
 * @param {number} index
 * @returns {Queue}
 */
export function startWith(queue, entries, index = 0) {
  const heard = queue.current ? [...queue.past, queue.current] : queue.past;
  return {
    past: [...heard, ...entries.slice(0, index)].slice(-PAST_KEPT),
    current: entries[index] ?? null,
    upcoming: entries.slice(index + 1, index + 1 + UPCOMING_KEPT),
  };
}

/** Puts entries right after the current one. @param {Queue} queue @param {Entry[]} entries */
export function insertNext(queue, entries) {
  return { ...queue, upcoming: [...entries, ...queue.upcoming].slice(0, UPCOMING_KEPT) };
}

/** Puts entries last. @param {Queue} queue @param {Entry[]} entries */
export function append(queue, entries) {
  return { ...queue, upcoming: [...queue.upcoming, ...entries].slice(0, UPCOMING_KEPT) };
}

/**
 * Goes on to the next entry; `otherwise` stands in when nothing is queued.
 * @param {Queue} queue
 * @param {Entry | null} otherwise
 * @returns {Queue}
 */
export function advance(queue, otherwise = null) {
  const [next = otherwise, ...upcoming] = queue.upcoming;
  return startWith(queue, next ? [next, ...upcoming] : []);
}

/**
 * Goes back to the entry before; the current one becomes the next.
 * @param {Queue} queue
 * @returns {Queue}
 */
export function retreat(queue) {
  const before = queue.past.at(-1);
  if (!before) return queue;
  const upcoming = queue.current ? [queue.current, ...queue.upcoming] : queue.upcoming;
  return { past: queue.past.slice(0, -1), current: before, upcoming };
}

/**
 * Plays an upcoming entry now; those before it are passed over.
 * @param {Queue} queue
 * @param {number} key
 * @returns {Queue}
 */
export function jumpTo(queue, key) {
  const index = queue.upcoming.findIndex((item) => item.key === key);
  if (index < 0) return queue;
  return startWith(queue, queue.upcoming.slice(index));
}

/** @param {Queue} queue @param {number} key @returns {Queue} */
export function remove(queue, key) {
  return { ...queue, upcoming: queue.upcoming.filter((item) => item.key !== key) };
}

/** @param {Queue} queue @returns {Queue} */
export function clearUpcoming(queue) {
  return { ...queue, upcoming: [] };
}

/**
 * Moves an item of a list; places outside the list mean its ends.
 * @template T
 * @param {T[]} list
 * @param {number} from
 * @param {number} to
 * @returns {T[]}
 */
export function moved(list, from, to) {
  if (from < 0 || from >= list.length) return list;
  const rest = list.filter((_, index) => index !== from);
  const target = Math.max(0, Math.min(to, rest.length));
  return [...rest.slice(0, target), list[from], ...rest.slice(target)];
}

/**
 * Puts a radio's new tracks where its old ones were; what is queued by hand keeps its place.
 * @param {Queue} queue
 * @param {Entry[]} fresh
 * @returns {Queue}
 */
export function steer(queue, fresh) {
  const old = new Map(queue.upcoming.filter(isRadio).map((item) => [item.track.id, item.key]));
  // A track that stays keeps its key, so that it is seen to move.
  const kept = fresh.map((item) => ({ ...item, key: old.get(item.track.id) ?? item.key }));
  const upcoming = queue.upcoming.flatMap((item) => (isRadio(item) ? kept.splice(0, 1) : [item]));
  return { ...queue, upcoming: [...upcoming, ...kept].slice(0, UPCOMING_KEPT) };
}

/** @param {Entry} item */
const isRadio = ({ source }) => source?.kind === "radio";

/** The tracks that an answer must not repeat. @param {Queue} queue @param {number} past */
export function trackIds(queue, past = 10) {
  const near = [...queue.past.slice(-past), ...(queue.current ? [queue.current] : [])];
  return [...new Set([...near, ...queue.upcoming.slice(0, 30)].map((item) => item.track.id))];
}
