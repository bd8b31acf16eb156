#!/usr/bin/env bash
# Every #include line of the project against layers.txt, the LINKS of every layer with it, and layers.txt against them:
# a right that no file uses is struck. Prints what offends as "file:line: what is wrong"; fails where there is any.
# usage: layers.sh [root of the tree, default: this one]
# A tree that has no layers.txt is held to this one's, and need not use all of it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$here/../..}"

table=tests/check/layers.txt
declare -A below=()      # folder -> " a b c " it may include, itself and everything further down
declare -A rights=()     # folder -> "a b" as its row says
declare -A included=()   # "folder owner" -> 1 where a file of folder includes one of owner, "folder <regex>" of an only row
declare -A layer_dir=()  # layer -> its folder
only=() never=() apart=()  # "<what>: folders" rows
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
      'apart '*) apart+=("${line#apart }") ;;
      *)
        folder=${line%%:*} closure=" $folder "
        for lower in ${line#*:}; do closure+="${below[$lower]:-" $lower "}"; done
        below[$folder]=$closure rights[$folder]=${line#*:}
        ;;
    esac
  done <"$1"
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
    [[ $name =~ ^($pattern)$ ]] || continue
    included["$folder $pattern"]=1
    [[ " ${row##*: } " == *" $folder "* ]] ||
      complain "$where: <$name> belongs to ${row##*: } only, not to $folder"
  done
  for row in "${never[@]}"; do
    pattern=${row%: *}
    [[ $name =~ ^($pattern)$ && " ${row##*: } " == *" $folder "* ]] &&
      complain "$where: <$name> has no place in $folder, which is pure: a never row of $table"
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
        included["$folder proto"]=1
        [[ ${below[$folder]} == *" proto "* ]] || complain "$file:$line: \"$name\": $folder may not include proto"
        ;;
      *) complain "$file:$line: \"$name\" is nowhere in the tree: spell it from the root, or <...> for a library" ;;
    esac
    return
  fi
  folder_of "$located"
  included["$folder ${owner:-?}"]=1
  [[ ${below[$folder]} == *" ${owner:-?} "* ]] ||
    complain "$file:$line: \"$name\": $folder may not include ${owner:-${located%/*}} (docs/design.md)"
}

# Sets layer_dir: each folder with a sluice_layer(<name> ...) of its own.
find_layers() {
  local file name
  while IFS=: read -r file name; do
    layer_dir[${name#*\(}]=${file%/*}
  done < <(grep -roE --include=CMakeLists.txt 'sluice_layer\([a-z_]+' "${folders[@]}")
  layer_dir[proto]=proto
}

check_links() {
  local file=$1 text folder layer lower
  folder=${file%/*}
  text=$(sed 's/#.*//' "$file" | tr -s '\n ' ' ')
  [[ $text =~ sluice_layer\(([a-z_]+)\ LINKS\ ([^\)]*)\) ]] || return 0
  for layer in ${BASH_REMATCH[2]}; do
    [[ $layer == sluice_* ]] || continue
    lower=${layer_dir[${layer#sluice_}]:-}
    [[ -n $lower ]] || continue  # a skeleton: its header decides
    if [[ ${below[$folder]:-} != *" $lower "* ]]; then
      complain "$file: LINKS $layer: $folder may not use $lower"
    elif [[ -z ${included["$folder $lower"]:-} ]]; then
      complain "$file: LINKS $layer: no file of $folder includes from $lower: strike it"
    fi
  done
}

check_apart() {
  local row far folder
  for row in "${apart[@]}"; do
    for folder in ${row##*: }; do
      for far in ${row%: *}; do
        [[ ${below[$folder]:-} != *" $far "* ]] ||
          complain "$table: $folder: its row lets it reach $far, which an apart row forbids: strike the right that does"
      done
    done
  done
}

# Every right of a row and every folder of an only row is one that a file uses.
check_used() {
  local folder lower row
  for folder in $(printf '%s\n' "${!rights[@]}" | sort); do
    for lower in ${rights[$folder]}; do
      [[ -n ${included["$folder $lower"]:-} ]] || complain "$table: $folder: $lower: no file uses it: strike it"
    done
  done
  for row in "${only[@]}"; do
    for folder in ${row##*: }; do
      [[ -n ${included["$folder ${row%: *}"]:-} ]] ||
        complain "$table: only ${row%: *}: $folder: no file uses it: strike it"
    done
  done
}

read_table "$([[ -e $table ]] && echo "$table" || echo "$here/layers.txt")"
check_apart
folders=()
for folder in agent bpf include tests/oracle; do [[ -d $folder ]] && folders+=("$folder"); done
find_layers
pattern='^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]'
while IFS=: read -r file line text; do
  text=${text#*include}
  text=${text#"${text%%[<\"]*}"}
  name=${text:1}
  check_include "$file" "$line" "${text:0:1}" "${name%%[>\"]*}"
done < <(grep -rnE --include='*.h' --include='*.cc' --include='*.c' "$pattern" "${folders[@]}" | sort)
while IFS= read -r file; do check_links "$file"; done < <(find agent tests/oracle -name CMakeLists.txt 2>/dev/null | sort)
[[ ! -e $table ]] || check_used
exit "$bad"
