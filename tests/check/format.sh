#!/usr/bin/env bash
# Every C and C++ file of the tree against .clang-format, every shell script against bash -n and shellcheck.
# usage: format.sh [--fix]
set -euo pipefail
cd "$(dirname "$0")/../.."

find_files() { find . \( -name .git -o -path ./build \) -prune -o -type f \( "$@" \) -print | sort; }

mapfile -t sources < <(find_files -name '*.h' -o -name '*.c' -o -name '*.cc')
if [[ ${1:-} == --fix ]]; then
  clang-format-14 -i "${sources[@]}"
else
  clang-format-14 --dry-run -Werror "${sources[@]}" ||
    { echo "format: mend it with tests/check/format.sh --fix" >&2; exit 1; }
fi

mapfile -t scripts < <(find_files -name '*.sh' -o -path './.ci/run')
for script in "${scripts[@]}"; do bash -n "$script"; done
checked="bash -n"
if command -v shellcheck >/dev/null; then
  shellcheck "${scripts[@]}"
  checked+=", shellcheck"
fi
echo "format: ${#sources[@]} sources, ${#scripts[@]} scripts ($checked)"
