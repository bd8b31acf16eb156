#!/bin/sh
# shellcheck shell=dash
# Runs the rows that it is given, in this order, and says what each found:
#   {"row": "stop", "ok": true, "seconds": 4, "says": "…"}
#  1 A row is a function row_<name> in checks.sh; it fails where one of its commands does, or after $SLUICE_SECONDS. Its
#    last line of output is what it says; of one that fails, its last lines.
#  2 Each row begins with no agent, no pods and nothing in the kernel, whatever the row before it left.
#  3 The last object is {"row": "end"}: who does not read it knows that the guest died.

# apart <function>
apart() { timeout -s KILL "$SLUICE_SECONDS" dash /sluice/apart.sh "$1" >>/tmp/row.log 2>&1 </dev/null; }

# quoted <text>: as a JSON string, on one line.
quoted() {
  printf '"%s"' "$(printf '%s' "$1" | tr -d '\r\033' | sed 's/\\/\\\\/g; s/"/\\"/g; s/\t/ /g' | tr '\n' '|')"
}
seconds() { cut -d. -f1 /proc/uptime; }

for row in "$@"; do
  began=$(seconds) ok=true lines=1
  : >/tmp/row.log
  apart "row_$row" || ok=false lines=12
  apart clean_up || ok=false lines=12
  echo "== $row: $ok"
  [ $ok = true ] || cat /tmp/row.log
  printf '{"row": "%s", "ok": %s, "seconds": %d, "says": %s}\n' "$row" $ok $(($(seconds) - began)) \
    "$(quoted "$(tail -n $lines /tmp/row.log)")" >"$SLUICE_LINE"
done
echo '{"row": "end"}' >"$SLUICE_LINE"
