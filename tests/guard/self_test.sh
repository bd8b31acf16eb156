#!/usr/bin/env bash
# The guard guards: each row is what is written down, what a program prints, and what guard.sh must say ("" for: nothing).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
failed=0

row() { # <written down> <printed> <wanted>
  local status=0 output
  printf '%b' "$1" >"$root/table"
  printf '#!/bin/sh\nprintf "%s"\n' "$2" >"$root/program"
  chmod +x "$root/program"
  output=$("$here/guard.sh" --table "$root/table" "$root/program" 2>&1) || status=$?
  [[ -z $3 && $status == 0 && -z $output ]] && return
  [[ -n $3 && $status == 1 && $output == *"$3"* ]] && return
  failed=$((failed + 1))
  echo "row '$1' '$2': wanted '${3:-nothing}', got exit $status and '$output'" >&2
}

row '# what\na x 5\n' 'a x 5\n' ''
row 'a x 5\nb y 1\n' 'a x 4\n' ''
row 'a x 5\n' 'a x 6\n' 'a x is 6, was 5'
row 'a x 100 5\n' 'a x 105\n' ''
row 'a x 100 5\n' 'a x 106\n' 'a x is 106, was 100'
row 'a x 5\n' 'a x 5\na y 1\n' 'a y is 1 and is not written down'
row 'a x 5\na y 1\n' 'a x 5\n' 'a y is written down and no more there'

printf '# what\nb y 1\na x 100 5\n' >"$root/table"
printf '#!/bin/sh\nprintf "a x 120\\na z 7\\n"\n' >"$root/program"
"$here/guard.sh" --update --table "$root/table" "$root/program" >/dev/null
diff "$root/table" <(printf '# what\nb y 1\na x 120 5\na z 7 5\n') >&2 || failed=$((failed + 1))
((failed == 0))
