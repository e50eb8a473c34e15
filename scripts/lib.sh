# Sourced by the scripts beside it: where things are, and steps that say what they do.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tools=$root/.tools
wasm=wasm32-unknown-unknown
# A rustup that was just installed is not on the PATH of the shell that installed it.
PATH=$tools/bin:$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
export PATH

say() { printf '%s\n' "$*"; }

# fail WHAT [WHAT TO DO]
fail() {
  printf '\n%s: %s\n' "${0##*/}" "$1" >&2
  [ $# -lt 2 ] || printf '%s\n' "$2" >&2
  exit 1
}

now() { date +%s; }

# step WHAT BY_HAND COMMAND…: runs it quietly; when it fails, shows the end of what it wrote and
# the sentence that says what to do by hand.
step() {
  local what=$1 by_hand=$2 began log
  shift 2
  began=$(now)
  log=$(mktemp)
  say "set-up: $what"
  if ! "$@" >"$log" 2>&1 </dev/null; then
    tail -n 30 "$log" | sed 's/^/    /' >&2
    rm -f "$log"
    fail "this step failed: $what." "$by_hand"
  fi
  rm -f "$log"
  say "        done in $(($(now) - began)) s"
}

has() { command -v "$1" >/dev/null 2>&1; }

# Without a toolchain that can build Berth this stays unset, and cargo takes its default.
use_toolchain() {
  local chosen
  chosen=$("$root/scripts/toolchain") || true
  if [ -n "$chosen" ]; then export RUSTUP_TOOLCHAIN=$chosen; fi
}

# With BERTH_LINT=1 the linter compiles what is ours: it finds what `make clippy` finds of the code that is built,
# and nothing is read a second time for that. What it compiles is a little slower, so it is for tests alone.
use_linter() {
  local linter
  [ -n "${BERTH_LINT:-}" ] || return 0
  linter=$(rustc --print sysroot)/bin/clippy-driver
  [ -x "$linter" ] || fail "there is no clippy-driver beside rustc." "Run: rustup component add clippy"
  export RUSTC_WORKSPACE_WRAPPER=$linter CLIPPY_ARGS=-Dwarnings__CLIPPY_HACKERY__
}

sha() { if has sha256sum; then sha256sum "$@"; else shasum -a 256 "$@"; fi; }

# With BERTH_QUICK=1 the compiler takes no time to optimize what runs on this host, but what the tests
# would wait for most: that a little, and in parts at the same time. What browsers load is optimized by the
# compiler alone.
quick=()
if [ -n "${BERTH_QUICK:-}" ]; then
  export CARGO_PROFILE_RELEASE_OPT_LEVEL=0
  for package in berth-domain=1 berth-scheduler=2 libsqlite3-sys=1 genai=0 jsonschema=0 rmcp=0; do
    named=profile.release.package.${package%=*}
    quick+=(--config "$named.opt-level=${package#*=}" --config "$named.codegen-units=16")
  done
fi
