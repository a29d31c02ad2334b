/** What the JSON API sends, and the few nouns of the player itself. */

export type Credit = { id: string; name: string };
/** The archive that a track comes from; "" what is not known. */
export type Origin = { archive: string; url: string; licence: string; licence_url: string };
export type Genre = { name: string; track_count: number; parent: string };
export type Feedback = "like" | "dislike" | "ban" | null;

export type Track = {
  id: string;
  title: string;
  artists: Credit[];
  album: { id: string; title: string } | null;
  album_artists: Credit[];
  track_no: number;
  disc_no: number;
  disc_title: string;
  year: number;
  original_year: number;
  genres: string[];
  duration_ms: number;
  art_id: string;
  codec: string;
  missing: boolean;
  added_at: number;
  origin: Origin | null;
  feedback: Feedback;
  plays: number;
  has_lyrics: boolean;
  transcoded: boolean;
  gain_db: number | null;
  album_gain_db: number | null;
  heard: boolean;
};

export type Album = {
  id: string;
  title: string;
  artists: Credit[];
  year: number;
  original_year: number;
  genres: string[];
  track_count: number;
  disc_count: number;
  duration_ms: number;
  compilation: boolean;
  art_id: string;
  added_at: number;
};

export type Artist = {
  id: string;
  name: string;
  album_count: number;
  track_count: number;
  art_id: string;
};

export type Recommended = {
  track: Track;
  score: number;
  generator: string;
  reasons: string[];
};

/** An answer as the queue remembers it: where it was shown, and which of all it is. */
export type From = { surface: string; version: string };

export type HomeRow =
  | ({
      id: string;
      title: string;
      subtitle: string;
      kind: "tracks";
      items: Recommended[];
    } & From)
  | { id: string; title: string; subtitle: string; kind: "albums"; items: Album[] };

export type Home = {
  rows: HomeRow[];
  learning: { plays: number; text: string };
};

/** `event` is what the listener did that it answers, `note` what that changed, in words. */
export type Answers = From & {
  event: string;
  note: string;
  title?: string;
  items: Recommended[];
};

/** That an answer has changed; without a version, something may have been missed. */
export type News = From & { event: string };

export type Preferences = {
  discover: number;
  private: boolean;
  private_since: number;
  banned_artists: Credit[];
  banned_tracks: Track[];
  excluded_tracks: Track[];
  excluded_playlists: Credit[];
};

export type Playlist = {
  id: string;
  name: string;
  track_count: number;
  duration_ms: number;
  art_ids: string[];
  changed_at: number;
  version: number;
};

export type Sound = {
  loudness_lufs: number | null;
  peak: number;
  tempo_bpm: number;
  key: string;
  waveform: string;
};

export type Heard = {
  id: string;
  at: number;
  played_ms: number;
  ended: string;
  source: Source | null;
  track: Track;
};

export type Progress = {
  phase: string;
  done: number;
  total: number;
  started_at: number;
  changed_at: number;
};

export type Status = {
  library: { tracks: number; albums: number; artists: number };
  scan: Progress | null;
  analysis: Progress | null;
  advice: string;
};

export type Session = {
  user: { id: string; name: string; role: "admin" | "listener"; synthetic: boolean; about: string };
  acting_for: Credit | null;
  csrf_token: string;
  push: { port: number; url: string; token: string };
  demo: boolean;
  version: string;
};

/**
 * Why a track is recommended, or is not. Shares are of all that is said, less than 0 against it;
 * `chance` is that of coming next, `place` null far behind, `refused` what keeps it from coming.
 */
export type Why = {
  sentences: string[];
  voices: { kind: string; words: string; share: number }[];
  told: Told[];
  place: number | null;
  chance: number;
  refused: string;
};

/** What the listener did with another track, and how much that says. */
export type Told = {
  track_id: string;
  title: string;
  why: "liked" | "finished" | "played" | "skipped" | "disliked" | "seed";
  at: number;
  share: number;
};

/** A rate with its 95 % interval. */
export type Figure = { value: number; low: number; high: number };

export type Outcome = {
  surface: string;
  generator: string;
  listeners: number;
  shown: number;
  listens: number;
  plays: number;
  skips: number;
  completed: number;
  skip_rate: Figure | null;
  completion: Figure | null;
};

export type Report = {
  since: number;
  until: number;
  user_id: string;
  overall: Outcome;
  surfaces: Outcome[];
  generators: Outcome[];
  details: Outcome[];
  own: Outcome;
  exploration: Figure | null;
  simulated: Report | null;
};

export type Listener = { id: string; name: string; about: string };

export type Page<T> = { items: T[]; next: string | null };

export type Source = {
  kind:
    | "album"
    | "artist"
    | "playlist"
    | "search"
    | "tracks"
    | "history"
    | "recommendation"
    | "radio"
    | "queue";
  id: string;
  /** The version of the answer that recommended it. */
  answer?: string;
};

export type EndReason = "completed" | "skipped" | "stopped";

export type ListenEvent = {
  id: string;
  kind: "started" | "ended";
  track_id: string;
  at: number;
  played_ms: number;
  reason?: EndReason;
  source: Source | null;
};

/** A place in the queue; `key` tells apart two places of the same track. */
export type Entry = { key: number; track: Track; source: Source | null; reasons: string[] };

/** A listen that has just ended, by the id of the event that says so. */
export type Listened = { id: string; entry: Entry; playedMs: number };

export type Queue = { past: Entry[]; current: Entry | null; upcoming: Entry[] };

export type Phase = "idle" | "loading" | "playing" | "paused";

/** An item that stands `apart` begins a new group. */
export type MenuItem = {
  label: string;
  icon: string;
  act: () => void;
  testid?: string;
  apart?: boolean;
};
