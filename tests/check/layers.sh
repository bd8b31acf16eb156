#!/usr/bin/env bash
# Every #include line of the project against layers.txt, and the LINKS of every layer with it. Prints what offends as
# "file:line: what is wrong"; fails where there is any.
# usage: layers.sh [root of the tree, default: this one]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$here/../..}"

declare -A below=()  # folder -> " a b c " it may include, itself and everything further down
only=() never=()     # "<regex>: folders" rows
bad=0

complain() {
  echo "$*"
  bad=1
}

read_table() {
  local line folder lower closure
  while IFS= read -r line; do
    case $line in
      '' | '#'*) ;;
      'only '*) only+=("${line#only }") ;;
      'never '*) never+=("${line#never }") ;;
      *)
        folder=${line%%:*} closure=" $folder "
        for lower in ${line#*:}; do closure+="${below[$lower]:-" $lower "}"; done
        below[$folder]=$closure
        ;;
    esac
  done <"$here/layers.txt"
}

# Sets `owner` to the folder of the table that a path belongs to; empty where none does.
folder_of() {
  local path=$1
  owner=
  while [[ $path == */* ]]; do
    path=${path%/*}
    [[ -n ${below[$path]:-} || $path == proto ]] && { owner=$path; return; }
  done
  return 0
}

# Sets `located` to where an included name stands in the tree; empty where it does not (the system's, or generated).
locate() {
  local including=$1 name=$2 base
  located=
  [[ /$name/ != */../* ]] || return 0
  for base in "" include/ "${including%/*}/" bpf/ bpf/kernel/; do
    [[ -e $base$name ]] && { located=$base$name; return; }
  done
  return 0
}

check_external() {
  local where=$1 folder=$2 name=$3 row pattern
  for row in "${only[@]}"; do
    pattern=${row%: *}
    [[ $name =~ ^($pattern)$ && " ${row##*: } " != *" $folder "* ]] &&
      complain "$where: <$name> belongs to ${row##*: } only, not to $folder"
  done
  for row in "${never[@]}"; do
    pattern=${row%: *}
    [[ $name =~ ^($pattern)$ && " ${row##*: } " == *" $folder "* ]] &&
      complain "$where: <$name> has no place in $folder, which is pure: no fd, clock, log, thread"
  done
  return 0
}

check_include() {
  local file=$1 line=$2 open=$3 name=$4 folder
  folder_of "$file" && folder=$owner
  [[ -n $folder ]] || { complain "$file:$line: its folder has no row in tests/check/layers.txt: add one"; return; }
  check_external "$file:$line" "$folder" "$name"
  locate "$file" "$name"
  if [[ -z $located ]]; then
    case $open$name in
      '<'* | *.skel.h | *sluice_source_dir.h) ;; # the only and never rows decide
      *.pb.h)
        [[ ${below[$folder]} == *" proto "* ]] || complain "$file:$line: \"$name\": $folder may not include proto"
        ;;
      *) complain "$file:$line: \"$name\" is nowhere in the tree: spell it from the root, or <...> for a library" ;;
    esac
    return
  fi
  folder_of "$located"
  [[ ${below[$folder]} == *" ${owner:-?} "* ]] ||
    complain "$file:$line: \"$name\": $folder may not include ${owner:-${located%/*}} (docs/design.md)"
}

check_links() {
  local file=$1 text folder layer lower
  folder=${file%/*}
  text=$(tr '\n' ' ' <"$file")
  [[ $text =~ sluice_layer\(([a-z]+)\ LINKS\ ([^\)]*)\) ]] || return 0
  for layer in ${BASH_REMATCH[2]}; do
    [[ $layer == sluice_* ]] || continue
    layer=${layer#sluice_}
    lower=agent/$layer
    [[ $layer == oracle ]] && lower=tests/oracle
    [[ -d $lower ]] || continue  # a skeleton or generated library: its headers decide
    [[ ${below[$folder]:-} == *" $lower "* ]] ||
      complain "$file: LINKS sluice_$layer: $folder may not use $lower"
  done
}

read_table
folders=()
for folder in agent bpf include tests/oracle; do [[ -d $folder ]] && folders+=("$folder"); done
pattern='^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]'
while IFS=: read -r file line text; do
  text=${text#*include}
  text=${text#"${text%%[<\"]*}"}
  name=${text:1}
  check_include "$file" "$line" "${text:0:1}" "${name%%[>\"]*}"
done < <(grep -rnE --include='*.h' --include='*.cc' --include='*.c' "$pattern" "${folders[@]}" | sort)
while IFS= read -r file; do check_links "$file"; done < <(find agent tests/oracle -name CMakeLists.txt 2>/dev/null | sort)
exit "$bad"
