/** The title of the window: what plays, else where one is. */

import { computed, effect, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { names } from "./format.js";
import { player } from "./playback.js";
import { current } from "./queue-state.js";

const page = signal("");

const title = computed(() => {
  const track = current.value?.track;
  if (track && player.phase.value === "playing") return `${track.title} · ${names(track.artists)}`;
  return page.value ? `${page.value} · Antiphon` : "Antiphon";
});

export function startTitle() {
  effect(() => {
    document.title = title.value;
  });
}

/** Names the page, for as long as it is shown. @param {string | undefined} name */
export function useTitle(name) {
  useEffect(() => {
    page.value = name ?? "";
    return () => {
      page.value = "";
    };
  }, [name]);
}
