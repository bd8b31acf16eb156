#!/usr/bin/env bash
# What isn't noisy must not get worse unnoticed: a program's lines "<fact> <of what> <number>" against those written
# down in guard.txt, where a fourth column says how many per cent more are let pass (kernels differ in what their
# verifier counts). A line that is missing on either side fails too. How many map operations a packet costs is
# asserted elsewhere: tests/unit/packet/operations_test.cc.
# usage: guard.sh [--update] [--table file] <program that prints the lines>
set -euo pipefail
update=0 table=$(cd "$(dirname "$0")" && pwd)/guard.txt
[[ ${1:-} == --update ]] && update=1 && shift
[[ ${1:-} == --table ]] && table=$2 && shift 2
program=${1:?usage: guard.sh [--update] [--table file] <program>}

status=0
now=$("$program") || status=$?
((status == 0)) || exit "$status" # 77: cannot be told here
facts=$(cut -d' ' -f1 <<<"$now" | sort -u)

if ((update)); then
  kept=$(awk -v facts="$facts" 'BEGIN { split(facts, f, "\n"); for (i in f) own[f[i]] = 1 } !($1 in own)' "$table")
  slack=$(awk 'NF == 4 { print $1, $4 }' "$table" | sort -u)
  { echo "$kept"; awk 'NR == FNR { slack[$1] = $2; next } { print $0 ($1 in slack ? " " slack[$1] : "") }' \
      <(echo "$slack") <(echo "$now"); } | sed '/^$/d' >"$table.new"
  mv "$table.new" "$table"
  echo "guard.sh: written to $table"
  exit 0
fi

awk -v facts="$facts" '
  BEGIN { split(facts, f, "\n"); for (i in f) own[f[i]] = 1 }
  /^#/ || NF == 0 { next }
  NR == FNR { if ($1 in own) { most[$1 " " $2] = $3 * (1 + $4 / 100); written[$1 " " $2] = $3 } next }
  !(($1 " " $2) in most) { print "guard.sh: " $1 " " $2 " is " $3 " and is not written down"; bad = 1; next }
  $3 > most[$1 " " $2] { print "guard.sh: " $1 " " $2 " is " $3 ", was " written[$1 " " $2]; bad = 1 }
  { delete most[$1 " " $2] }
  END {
    for (fact in most) { print "guard.sh: " fact " is written down and no more there"; bad = 1 }
    if (bad) print "guard.sh: mend it, or, where the price is meant, write it down with tests/guard/guard.sh --update <program>"
    exit bad
  }' "$table" <(echo "$now")
