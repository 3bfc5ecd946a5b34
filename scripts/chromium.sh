#!/bin/sh
# Chromium and Chinese glyphs for the browser tests: installed where we may, otherwise said in one line.
set -eu
missing=""
command -v chromium >/dev/null || missing="chromium"
[ -d /usr/share/fonts/opentype/noto ] || missing="$missing fonts-noto-cjk"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing$(printf ' %s' $missing) for the browser tests."
    if apt-get update -qq >/dev/null 2>&1 &&
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null 2>&1; then
        exit 0
    fi
fi
if ! command -v chromium >/dev/null; then
    echo "No Chromium here: the browser tests are skipped (Debian: apt-get install chromium fonts-noto-cjk)."
    [ "${CI:-}" != true ] || exit 1
fi
