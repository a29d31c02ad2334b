/** @import { Album, From, Home, HomeRow, Recommended } from "../types" */
/** "For you": what Antiphon answers to what the listener has played. */

import { entryOf, nextUp } from "../answers.js";
import { AlbumCard, AnswerCard } from "../components/cards.js";
import { Discover } from "../components/discover.js";
import { useFlip } from "../components/flip.js";
import { IconButton } from "../components/icon.js";
import { CardSkeletons, Empty, Trouble } from "../components/notices.js";
import { PlayButton } from "../components/page-head.js";
import { html } from "../html.js";
import { playEntries, playForMe } from "../play.js";
import { useResource } from "../resource.js";

export function HomeView() {
  const { data, error, reload } = useResource("/home");
  /** @type {Home | undefined} */
  const home = data;
  if (error && !home) return html`<${Trouble} error=${error} retry=${reload} />`;
  return html`<div class="home">
    <header class="view-head">
      <div>
        <h1>For you</h1>
        ${home?.learning.text && html`<p class="learning" data-testid="learning">${home.learning.text}</p>`}
      </div>
      <div class="view-tools">
        <${Discover} />
        <${PlayButton} label="Play for me" testid="play-for-me" onClick=${playForMe}
          disabled=${!nextUp.value.length && !home?.rows.length} />
      </div>
    </header>
    ${!home && html`<${CardSkeletons} cards=${18} />`}
    ${home?.rows.map((row) => html`<${Row} key=${row.id} row=${row} />`)}
    ${
      home &&
      !home.rows.length &&
      html`<${Empty} icon="audio-lines" title="Your first answers are on their way">
        Play something you love. Every play, skip and like is a call, and this page is the answer.
      <//>`
    }
  </div>`;
}

/** @param {{ row: HomeRow }} props */
function Row({ row }) {
  const ref = useFlip(row.items);
  if (!row.items.length) return null;
  /** @param {number} way */
  const scroll = (way) =>
    ref.current?.scrollBy({ left: way * ref.current.clientWidth * 0.85, behavior: "smooth" });
  return html`<section class="shelf" aria-labelledby=${`row-${row.id}`} data-testid="home-row">
    <header class="shelf-head">
      <div>
        <h2 id=${`row-${row.id}`}>${row.title}</h2>
        ${row.subtitle && html`<p class="shelf-sub">${row.subtitle}</p>`}
      </div>
      <div class="shelf-tools">
        ${
          row.kind === "tracks" &&
          html`<button type="button" class="text-button" onClick=${() => playEntries(row.items.map((item) => entryOf(item, row)))}>Play all</button>`
        }
        <span class="shelf-arrows">
          <${IconButton} icon="chevron-left" label=${`${row.title}: back`} onClick=${() => scroll(-1)} />
          <${IconButton} icon="chevron-right" label=${`${row.title}: on`} onClick=${() => scroll(1)} />
        </span>
      </div>
    </header>
    <div class="shelf-items" ref=${ref}>
      ${row.kind === "tracks" ? answerCards(row.items, row) : row.items.map(albumCard)}
    </div>
  </section>`;
}

/** @param {Recommended[]} items @param {From} from */
const answerCards = (items, from) =>
  items.map((item) => html`<${AnswerCard} key=${item.track.id} ...${{ item, from }} />`);

/** @param {Album} album */
const albumCard = (album) => html`<${AlbumCard} key=${album.id} album=${album} />`;
