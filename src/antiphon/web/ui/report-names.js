/** What the report calls the places where tracks are shown, and what chooses them. */

/** @type {Record<string, string>} */
const SURFACES = {
  next: "Next up",
  radio: "Radio",
  shuffle: "Smart shuffle",
  "home:for-you": "Home: Right now",
  "home:mix": "Home: mixes",
  "home:because": "Home: Because you …",
  "home:new": "Home: New for you",
  "home:hour": "Home: Around this time",
  "home:again": "Home: Play it again",
  "home:rediscover": "Home: Rediscover",
  "home:explore": "Home: Not heard yet",
  "home:loved": "Home: Often played",
};

/** @type {Record<string, string>} */
const GENERATORS = {
  content: "How it sounds",
  collaborative: "What others play",
  sequence: "What follows what",
  popular: "What is played often",
  repeat: "What is due again",
  fresh: "What is new here",
  spread: "Something different, to learn",
  kin: "Of the same artist or genre",
  library: "The library, by chance",
  shuffle: "A shuffle",
};

/** @param {string} surface as in home:for-you */
export function nameOfSurface(surface) {
  return SURFACES[surface] ?? spelt(surface);
}

/** @param {string} generator */
export function nameOfGenerator(generator) {
  return GENERATORS[generator] ?? spelt(generator);
}

/** A name that nobody has put into words yet. @param {string} name as in not_heard-yet */
function spelt(name) {
  const words = name.replaceAll(/[-_:]/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1) || "Something else";
}
