# Sourced by the scripts beside it: where things are, how they speak, and how they build.
# shellcheck shell=bash
#
# RILL_MESON_ARGS in the environment is added to every `meson setup`: CI gives -Dwerror=true.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
tool=tools/${0##*/}
# shellcheck disable=SC2034 # for the scripts
ninja=$(command -v ninja || command -v ninja-build || echo ninja)

say() { printf '%s: %s\n' "$tool" "$*" >&2; }
die() { say "$*"; exit 1; }
usage() { say "usage: $tool $*"; exit 2; }

# quietly WHAT COMMAND...: says WHAT and runs the command; what that prints is shown only if it fails.
quietly() {
    local what=$1 log
    shift
    say "$what"
    log=$(mktemp)
    if ! "$@" >"$log" 2>&1 </dev/null; then
        grep -vE '^\[[0-9]+/[0-9]+\] ' "$log" >&2 || true # without the steps that went well
        rm -f "$log"
        die "failed: $what"
    fi
    rm -f "$log"
}

# has_options DIR NAME=VALUE...: whether the build directory is configured so.
has_options() {
    python3 - "$@" <<'PYTHON'
import json, sys
options = json.load(open(sys.argv[1] + "/meson-info/intro-buildoptions.json", encoding="utf-8"))
def text(value):
    if isinstance(value, list): return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
configured = {f"{option['name']}={text(option['value'])}" for option in options}
sys.exit(not set(sys.argv[2:]) <= configured)
PYTHON
}

# configure DIR -DNAME=VALUE...: makes the build directory, or changes its options where they differ.
configure() {
    local dir=$root/$1
    shift
    # shellcheck disable=SC2206 # words are meant
    local options=("$@" ${RILL_MESON_ARGS-})
    if [ ! -f "$dir/build.ninja" ]; then
        rm -rf "$dir/meson-private" # of a first attempt that failed
        quietly "configuring ${dir##*/}" meson setup "${options[@]}" "$dir" "$root"
    elif ! has_options "$dir" "${options[@]#-D}"; then
        # The cache goes, since it remembers which headers were missing before they were installed.
        quietly "configuring ${dir##*/} anew" meson configure --clearcache "${options[@]}" "$dir"
    fi
}

# build DIR [TARGET...]: builds what is not up to date.
build() {
    local dir=$root/$1 pending
    shift
    pending=$("$ninja" -C "$dir" -n "$@" 2>&1) || true
    case $pending in
    *'no work to do'*) ;;
    *) quietly "building ${dir##*/}${1:+: $*}" "$ninja" -C "$dir" "$@" ;;
    esac
}

# run_tests DIR [OPTION...]: runs the tests of a build with `meson test`, and prints on the last line how many
# test cases passed and failed.
run_tests() {
    local dir=$root/$1 log=$root/$1/meson-logs/testlog.json status=0
    shift
    rm -f "$log"
    meson test -C "$dir" --no-rebuild --print-errorlogs "$@" </dev/null || status=$?
    if [ -f "$log" ]; then
        python3 "$root/tools/count.py" "$log" || status=1
    fi
    return "$status"
}
