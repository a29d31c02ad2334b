/** What a listener says to Antiphon: shown at once, told to the server, and taken back on request. */

import { expectAnswer } from "./answers.js";
import { settle } from "./events.js";
import { bend } from "./radio.js";
import { offer, retract, say, sayError } from "./toasts.js";

/**
 * @typedef {object} Act
 * @property {string} about of several acts about the same thing the last one can be undone
 * @property {string} text what it does, in words
 * @property {() => void} show shows it, before the server knows
 * @property {() => void} hide takes that back
 * @property {() => Promise<unknown>} send
 * @property {() => Promise<unknown>} undo
 */

/** Does it, and offers to undo it. @param {Act} act */
export async function act({ about, text, show, hide, send, undo }) {
  show();
  const told = tell(send);
  const takeBack = async () => {
    await told;
    hide();
    try {
      await tell(undo);
    } catch (error) {
      show();
      throw error;
    }
    say("Taken back.");
  };
  offer(about, text, [{ label: "Undo", act: takeBack }]);
  try {
    await told;
  } catch (error) {
    hide();
    retract(about);
    sayError(error);
  }
}

/** Says it after all that happened before, and listens to what it changes. @param {() => Promise<unknown>} send */
export async function tell(send) {
  await settle();
  await send();
  bend();
  expectAnswer();
}
