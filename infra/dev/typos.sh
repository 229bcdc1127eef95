#!/usr/bin/env bash
# Looks for misspelt words. Without `typos` on the path, a pinned one is
# installed under target/tools, with pip.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly version=1.52.0
readonly tools=${CARGO_TARGET_DIR:-target}/tools

if command -v typos >/dev/null 2>&1; then
  exec typos
fi
if [[ ! -x $tools/bin/typos ]]; then
  python3 -m pip install --quiet --disable-pip-version-check --target "$tools" "typos==$version"
fi
exec "$tools/bin/typos"
