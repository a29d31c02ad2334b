/** What the JSON API sends, and the few nouns of the player itself. */

export type Credit = { id: string; name: string };
/** The archive that a track comes from; "" what is not known. */
export type Origin = { archive: string; url: string; licence: string; licence_url: string };
export type Genre = { name: string; track_count: number; parent: string };
export type Feedback = "like" | "dislike" | null;

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

export type HomeRow =
  | { id: string; title: string; subtitle: string; kind: "tracks"; items: Recommended[] }
  | { id: string; title: string; subtitle: string; kind: "albums"; items: Album[] };

export type Home = {
  rows: HomeRow[];
  learning: { plays: number; text: string };
  version: string;
};

export type Answers = { surface: string; version: string; title?: string; items: Recommended[] };

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

export type Queue = { past: Entry[]; current: Entry | null; upcoming: Entry[] };

export type Phase = "idle" | "loading" | "playing" | "paused";

export type MenuItem = { label: string; icon: string; act: () => void; testid?: string };
