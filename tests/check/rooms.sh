#!/usr/bin/env bash
# The folders of agent/: each has few sources, and each source is in the namespace that its folder says. Prints what
# offends as "file:line: what is wrong"; fails where there is any.
# usage: rooms.sh [root of the tree, default: this one]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$here/../..}"

max_sources=35  # of a folder's own: what somebody can look over
in_c=' agent/packet/seam.h agent/packet/user_ctx.h '  # what bpf/ includes in user space
bad=0

complain() {
  echo "$*"
  bad=1
}

check_size() {
  local folder=$1 count
  count=$(find "$folder" -maxdepth 1 -name '*.h' -o -maxdepth 1 -name '*.cc' -o -maxdepth 1 -name '*.c' | wc -l)
  ((count <= max_sources)) || complain "$folder: $count sources, more than $max_sources: split it by subject"
}

# A namespace at the left margin is the folder's own, or stands on one line: a stranger's type, an alias.
check_namespace() {
  local file=$1 wanted line text own=0
  wanted=${file%/*} wanted=sluice${wanted#agent} wanted=${wanted//\//::}
  while IFS=: read -r line text; do
    case $text in
      "namespace $wanted {") own=1 ;;
      namespace*'}'* | namespace*' = '*) ;;
      'namespace {') ;;
      namespace*) complain "$file:$line: '$text': its folder says namespace $wanted" ;;
      "}  // namespace $wanted" | '}  // namespace') ;;
      *) complain "$file:$line: '$text': its folder says }  // namespace $wanted" ;;
    esac
  done < <(grep -nE '^namespace|^\} *// *namespace' "$file")
  ((own == 1)) || [[ $in_c == *" $file "* ]] || complain "$file:1: in no namespace: its folder says namespace $wanted"
}

while IFS= read -r folder; do check_size "$folder"; done < <(find agent -mindepth 1 -type d | sort)
while IFS= read -r file; do check_namespace "$file"; done < <(find agent -name '*.h' -o -name '*.cc' | sort)
exit "$bad"
