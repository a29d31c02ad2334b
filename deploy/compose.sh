# shellcheck shell=bash
# Sourced by the scripts beside it: finds the container engine, and speaks to it of these services.

script=$(realpath "$0")
cd "$(dirname "$script")" || exit
START=(up --detach --wait --wait-timeout 300 --remove-orphans)

say() { printf '%s\n' "$*"; }

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# Every script begins so: with help where it is asked for, and what all of them need.
begin() {
  case ${1:-} in -h | --help)
    sed -n '2,/^$/ s/^#\( \|$\)//p' "$script"
    exit
    ;;
  esac
  [[ -f .env ]] || fail "deploy/.env is missing: copy deploy/.env.example to it and set MUSIC."
  local music
  music=$(setting MUSIC "")
  [[ $music == /* && -d $music ]] ||
    fail "MUSIC='$music' in deploy/.env cannot be used: give the whole path of the folder with the music."
  find_engine
}

find_engine() {
  for engine in docker podman; do
    if "$engine" compose version >/dev/null 2>&1; then return; fi
  done
  fail "Neither \`docker compose\` nor \`podman compose\` is there: install Docker or Podman with its compose plugin."
}

# What `.env` says of a name, or what is taken when it says nothing.
setting() {
  local value
  value=$(sed -n "s/^$1=//p" .env | tail -n 1)
  value=${value#[\"\']} value=${value%[\"\']}
  printf '%s\n' "${value:-$2}"
}

# Write a name and its value to `.env`: all of it or nothing.
set_setting() {
  # It has secrets: what takes its place is first made for the same eyes.
  cp --preserve=mode,ownership .env .env.new
  {
    grep -v "^$1=" .env || true
    printf '%s=%s\n' "$1" "$2"
  } >.env.new
  mv .env.new .env
}

image() { setting IMAGE antiphon:local; }

# What the engine says of its doings is no result of a script.
compose() { "$engine" compose "$@" </dev/null >&2; }

# Run a shell's words in a container of its own, with the store and /data at hand.
run_once() { "$engine" compose run --rm --no-TTY library sh -euc "$1"; }

start_all() { compose "${START[@]}"; }

# Stop what writes to the store; what listeners did last is answered first.
stop_writers() {
  compose stop web library training && sleep "${DRAIN_S:-5}" && compose stop live
}
