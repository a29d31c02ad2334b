/** @import { Page } from "./types" */
/** A list that is fetched page by page, as far as somebody looks. */

import { signal } from "@preact/signals";

/**
 * @template T
 * @param {(after: string | undefined) => Promise<Page<T>>} fetchPage
 */
export function createPages(fetchPage) {
  /** @type {T[]} */
  const items = [];
  const count = signal(0);
  const complete = signal(false);
  const error = signal(/** @type {any} */ (null));
  /** @type {string | undefined} */
  let after;
  let busy = false;

  /** Fetches the next page, unless one is under way or none is left. */
  async function more() {
    if (busy || complete.value) return;
    busy = true;
    try {
      const page = await fetchPage(after);
      items.push(...page.items);
      after = page.next ?? undefined;
      error.value = null;
      complete.value = !page.next;
      count.value = items.length;
    } catch (trouble) {
      error.value = trouble;
    } finally {
      busy = false;
    }
  }

  /** Fetches until the list is at least so long. @param {number} length */
  async function upTo(length) {
    while (items.length < length && !complete.value && !busy) {
      await more();
      if (error.value) return;
    }
  }
  return { items, count, complete, error, more, upTo };
}
