#!/usr/bin/env bash
# Builds an agent of each earlier layout from the history, and has it replaced under traffic by this tree's, and back
# (tests/live/upgrade_test.cc). Needs root and the history; ten minutes a layout until it is built.
# usage: run.sh <build folder with tests/live> <folder for the earlier agents>
set -euo pipefail
live=$(realpath "${1:?usage: run.sh <build folder> <folder>}")/tests/live/live
mkdir -p "${2:?usage: run.sh <build folder> <folder>}"
earlier=$(realpath "$2")
cd "$(dirname "$0")/../.."
now=$(sed -n 's/^#define SLUICE_LAYOUT_VERSION \([0-9]*\).*/\1/p' include/sluice/limits.h)

failed=() ran=0
while read -r layout commit; do
  tree=$earlier/$layout
  git cat-file -e "$commit^{commit}" 2>/dev/null || {
    echo "upgrade: layout $layout: commit $commit is not here: fetch the whole history (git fetch --unshallow)" >&2
    exit 2
  }
  if [[ $(cat "$tree.commit" 2>/dev/null) != "$commit" ]]; then
    echo "upgrade: layout $layout, from ${commit:0:9}: builds its agent"
    rm -rf "$tree" && mkdir "$tree"
    git archive "$commit" | tar -x -C "$tree"
    (cd "$tree" && cmake --preset release --log-level=WARNING && cmake --build --preset release --target sluiced) >"$tree.log" 2>&1 ||
      { tail -20 "$tree.log" >&2; echo "upgrade: layout $layout: its agent could not be built: $tree.log" >&2; exit 2; }
    echo "$commit" >"$tree.commit"
  fi
  echo "upgrade: layout $layout to $now under traffic, and back"
  SLUICED_BEFORE=$tree/build/release/agent/apps/sluiced "$live" --gtest_brief=1 --gtest_filter='Ends/UpgradeTest.*' ||
    failed+=("$layout")
  ran=$((ran + 1))
done < <(grep -v '^#' tests/upgrade/layouts.txt)
((ran == now - 1)) || { echo "upgrade: $ran layouts in tests/upgrade/layouts.txt, and $((now - 1)) came before: add the missing" >&2; exit 2; }
echo "upgrade: $((ran - ${#failed[@]})) passed, ${#failed[@]} failed"
((${#failed[@]} == 0)) || { echo "upgrade: failed: layouts ${failed[*]}" >&2; exit 1; }
