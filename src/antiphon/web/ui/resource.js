/** @import { Page } from "./types" */
/** What a page shows of the server: kept for the way back, asked anew at each visit. */

import { signal, useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { get, query } from "./api.js";
import { createPages } from "./pages.js";
import { place } from "./router.js";

const KEPT = 60;

/** @type {Map<string, any>} */
const cache = new Map();

/** Rises when what was fetched has grown old. */
const age = signal(0);

/** Rises when another listener looks. */
const audience = signal(0);

/** Makes every shown resource ask again. */
export function refreshResources() {
  age.value = age.peek() + 1;
}

/** Another listener sees other things. */
export function forgetResources() {
  cache.clear();
  audience.value = audience.peek() + 1;
  refreshResources();
}

/** @param {string} key @param {any} value */
function store(key, value) {
  cache.delete(key);
  cache.set(key, value);
  if (cache.size > KEPT) cache.delete(cache.keys().next().value ?? "");
}

/** @typedef {{ path: string, data: any, error: any }} State */

/**
 * The answer to a GET; `data` is undefined until there is one.
 * @param {string} path an empty one asks nothing
 */
export function useResource(path) {
  const state = useSignal(initial(path));
  const again = useSignal(0);
  const turn = `${again.value}.${age.value}`;
  useEffect(() => {
    if (state.peek().path !== path) state.value = initial(path);
    const abort = new AbortController();
    if (path) fetchInto(state, path, abort.signal);
    return () => abort.abort();
  }, [path, turn]);

  const { data, error } = state.value.path === path ? state.value : initial(path);
  const reload = () => {
    again.value = again.peek() + 1;
  };
  /** Shows a change before the server is asked again. @param {any} changed */
  const put = (changed) => {
    store(path, changed);
    state.value = { path, data: changed, error: null };
  };
  return { data, error, reload, put };
}

/** @param {string} path @returns {State} */
const initial = (path) => ({ path, data: cache.get(path), error: null });

/** @param {{ value: State }} state @param {string} path @param {AbortSignal} abort */
async function fetchInto(state, path, abort) {
  try {
    const data = await get(path, abort);
    store(path, data);
    state.value = { path, data, error: null };
  } catch (error) {
    if (!abort.aborted) state.value = { ...state.value, error };
  }
}

/**
 * A list that grows page by page; the way back finds it as it was left.
 * @template T
 * @param {string} path
 * @param {Record<string, string | number | undefined>} options
 * @returns {ReturnType<typeof createPages<T>>}
 */
export function usePages(path, options = {}) {
  const key = `${audience.value} ${place.value.visit} ${query(path, options)}`;
  const known = cache.get(key);
  return useMemo(() => {
    if (known) return known;
    /** @param {string | undefined} after @returns {Promise<Page<T>>} */
    const fetchPage = (after) => get(query(path, { ...options, after }));
    const pages = createPages(fetchPage);
    store(key, pages);
    pages.more();
    return pages;
  }, [key]);
}
