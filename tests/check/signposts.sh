#!/usr/bin/env bash
# The signposts lead somewhere: every folder has a row in docs/design.md's table of folders, whose right-hand column is
# layers.txt; every file that a page names from the root is there, or is built of one; README.md names every page of
# docs/. Prints what offends as "file: what is wrong"; fails where there is any.
# usage: signposts.sh [root of the tree, default: this one]
# shellcheck disable=SC2016  # backticks are Markdown's
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$here/../..}"
design=docs/design.md
bad=0
declare -A may=()  # folder of the table -> its right-hand column

complain() {
  echo "$*"
  bad=1
}

# Rows "| `folder/` | what it is for | may include |".
read_table() {
  local row folder
  while IFS= read -r row; do
    folder=${row#*\`} row=${row%|} row=${row##*|}
    folder=${folder%%/\`*}
    may[$folder]=$(xargs <<<"$row")
  done < <(sed -n '/^## Folders/,/^## /p' "$design" | grep '^| `[^`]*/`' || true)
}

# Sets `folder` to the one that answers for a path's folder: below agent/ each for itself, below these others the second
# step, else the first.
answering() {
  case $1 in
    agent/*) folder=$1 ;;
    tests/* | bench/* | deploy/* | include/*) folder=$(cut -d/ -f1-2 <<<"$1") ;;
    *) folder=${1%%/*} ;;
  esac
}

check_folders() {
  local path
  declare -A seen=()
  while IFS= read -r path; do
    answering "$path"
    case $folder in tests | bench | deploy) continue ;; esac
    [[ -z ${seen[$folder]:-} ]] || continue
    seen[$folder]=1
    [[ -v may[$folder] ]] || complain "$folder: has no row in $design, \"Folders\": say what it is for"
  done < <(find . \( -name '.?*' ! -name .ci -o -name __pycache__ -o -path ./build \) -prune -o -type f -printf '%P\n' |
    sed -n 's|/[^/]*$||p' | sort -u)
  for folder in "${!may[@]}"; do
    [[ -n ${seen[$folder]:-} ]] || complain "$design: \"Folders\" has $folder/, which is not there"
  done
}

check_layers() {
  local line folder row
  while IFS= read -r line; do
    folder=${line%%:*} row=${line#*:}
    row=$(xargs <<<"${row//agent\//}")
    [[ ! -v may[$folder] || ${may[$folder]} == "$row" ]] ||
      complain "$design: $folder/ may include '${may[$folder]}', layers.txt says '$row'"
  done < <(grep -E '^[a-z/]+:' "$here/layers.txt" || true)
}

check_named_files() {
  local page name
  for page in README.md CONTRIBUTING.md docs/*.md; do
    [[ -f $page ]] || continue
    while IFS= read -r name; do
      [[ $name == *'*'* || -e $name || -e $name.cc ]] || complain "$page: names $name, which is not there"
    done < <(grep -oE '`(agent|bpf|include|proto|tests|bench|deploy|docs|cmake|examples)/[A-Za-z0-9_./*-]*`' "$page" |
      tr -d '`' | sort -u)
  done
}

# `name.h` alone: a file of the folder that the sentence is about.
check_bare_names() {
  local page name
  for page in "$design" CONTRIBUTING.md; do
    [[ -f $page ]] || continue
    while IFS= read -r name; do
      [[ -n $(find agent bpf include proto tests bench deploy -name "$name" -print -quit 2>/dev/null) ]] ||
        complain "$page: names $name, and no folder has such a file"
    done < <(grep -oE '`[a-z0-9_]+\.(h|cc|c|sh|py|txt|proto)`' "$page" | tr -d '`' | sort -u)
  done
}

check_pages() {
  local page
  while IFS= read -r page; do
    grep -qF "($page)" README.md || complain "README.md: does not list $page: a page that nobody is led to"
  done < <(find docs -maxdepth 1 -name '*.md' | sort)
}

read_table
check_folders
check_layers
check_named_files
check_bare_names
check_pages
exit "$bad"
