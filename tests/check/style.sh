#!/usr/bin/env bash
# What docs/style.md turns away on sight and a machine can see. Prints what offends as "file:line: what is wrong";
# fails where there is any.
# usage: style.sh [root of the tree, default: this one]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$here/../..}"

max_lines=400
long_files=() # files that may be longer, each with its reason
bad=0

complain() {
  echo "$*"
  bad=1
}

# Every file of the project, but what is built, and these checks, which must name what they look for.
mapfile -t files < <(find . \( -name .git -o -path ./build -o -path ./tests/check \) -prune -o -type f -print |
  sed 's|^\./||' | sort)
mapfile -t code < <(printf '%s\n' "${files[@]}" | grep -E '\.(h|c|cc|py|sh|cmake|proto)$|CMakeLists\.txt$|^\.ci/|^bench/compare$' || true)
mapfile -t headers < <(printf '%s\n' "${code[@]}" | grep '^agent/.*\.h$' || true)
mapfile -t tests < <(printf '%s\n' "${code[@]}" | grep '^tests/' || true)
mapfile -t text < <(printf '%s\n' "${files[@]}" | grep -vE '\.(pcap|bin|png)$|^tests/fuzz/corpus/|^examples/' || true)

# forbid <what is wrong> <extended regular expression> <file...>
forbid() {
  local what=$1 pattern=$2 hit
  shift 2
  (($# > 0)) || return 0
  while IFS= read -r hit; do
    complain "$(cut -d: -f1,2 <<<"$hit"): $what: $(cut -d: -f3- <<<"$hit" | sed 's/^ *//' | cut -c1-80)"
  done < <(grep -InHE -- "$pattern" "$@" || true)
}

for file in "${files[@]}"; do
  name=${file##*/}
  [[ _${name%%.*}_ =~ [_-](utils?|helpers?|common|managers?|misc)[_-] ]] &&
    complain "$file: a name that says nothing: name it after what it does"
done
for file in "${code[@]}"; do
  lines=$(wc -l <"$file")
  ((lines <= max_lines)) || [[ " ${long_files[*]} " == *" $file "* ]] ||
    complain "$file: $lines lines, more than $max_lines: a design was missed, split it"
done
forbid "one definition per fact" 'keep (this |these |them )?in sync with' "${text[@]}"
forbid "a name that says nothing" \
  '(class|struct|namespace) +[A-Za-z_]*([Uu]tils?|[Hh]elpers?|[Mm]anager|[Cc]ommon)\b|\bprocess\(' "${code[@]}"
forbid "laws in one paragraph: number them, one a line" '^// Laws: ' "${headers[@]}"
forbid "a path of somebody's machine" '(^|[^A-Za-z0-9_.$}/-])/(home|root|work|Users)/' "${text[@]}"
forbid "left undone" '\b(TODO|FIXME|XXX|HACK)\b' "${code[@]}"
forbid "a sleep in a test: wait for the event, with a deadline" \
  '\b(sleep_for|sleep_until|usleep|nanosleep|sleep)\(|^[^#]*\bsleep +[0-9]' "${tests[@]}"
exit "$bad"
