#!/usr/bin/env bash
# Replays random traces of change.pml on the code (replay_test.cc), one for each seed from the first to the last.
# usage: replay.sh model_replay [first last]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
program=$1
options=(-DWHOLE -DRECENT -DEMPTY -DCPUS=2 -DCHANGES=8 -DDEATHS=4 -DFAILURES=3)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" # where spin leaves its files
for ((seed = ${2:-1}; seed <= ${3:-40}; ++seed)); do
  spin -T -n"$seed" -u100000 "${options[@]}" "$here/change.pml" >trace
  grep -q '^> agent plan' trace || { echo "seed $seed: no trace: $(head -3 trace)"; exit 1; }
  said=$("$program" <trace) || {
    echo "seed $seed: $said"
    echo "again: spin -T -n$seed -u100000 ${options[*]} $here/change.pml | $program"
    exit 1
  }
  echo "seed $seed: $said"
done

# It can fail: another verdict, and a flip that the code does not do yet.
must_fail() {
  if "$program" <wrong >/dev/null; then
    echo "the replay takes $1 for what the code does"
    exit 1
  fi
}
sed '0,/verdict 1/s//verdict 0/' trace >wrong
must_fail 'another verdict'
sed '0,/agent write/s/agent write.*/agent flip/' trace >wrong
must_fail 'another write'
