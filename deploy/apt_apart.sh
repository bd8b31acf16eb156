# shellcheck shell=bash
# To be sourced: an apt state apart from the machine's, for packages of another suite or architecture.
#  1 Packages come from the mirrors that this machine's own apt names: nothing of the machine's is changed, no mirror is
#    written down here.
#  2 apt checks every signature and hash against Debian's keyring.
# After `apt_apart FOLDER ARCHITECTURE SUITE...` the array `apt` has the options that each apt command is to be given, and
# FOLDER/apt.log what apt said. It fails where this machine's apt names no mirror.
apt_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

apt_apart() {
  local folder=$1 architecture=$2 suite mirrors
  shift 2
  mkdir -p "$folder"/apt/{lists,archives}/partial "$folder/apt/none"
  : | tee "$folder/apt/status" >"$folder/apt.log"
  [[ -r $apt_keyring ]] || { echo "no $apt_keyring: apt-get install debian-archive-keyring" >&2; return 1; }
  # shellcheck disable=SC2016 # apt's placeholder
  mapfile -t mirrors < <(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | sort -u)
  ((${#mirrors[@]})) || { echo "this machine's apt names no mirror: give /etc/apt/sources.list one and run apt-get update" >&2; return 1; }
  for suite in "$@"; do
    printf "deb [arch=$architecture signed-by=$apt_keyring] %s $suite main\n" "${mirrors[@]}"
  done >"$folder/apt/sources.list"
  # shellcheck disable=SC2034 # who sourced it reads it
  apt=(-o "Dir::State=$folder/apt" -o "Dir::State::status=$folder/apt/status" -o "Dir::Cache=$folder/apt"
    -o "Dir::Etc::sourcelist=$folder/apt/sources.list" -o "Dir::Etc::sourceparts=$folder/apt/none"
    -o "Dir::Etc::preferencesparts=$folder/apt/none" -o "APT::Architecture=$architecture" -o "APT::Architectures=$architecture"
    -o Acquire::Languages=none -o Acquire::Check-Valid-Until=false # a suite that is archived stays as it was
    -o APT::Sandbox::User=root -o Acquire::Retries=3)
  # Each suite is on one of the mirrors: apt says of the others that they lack it, and goes on.
  apt-get "${apt[@]}" update >"$folder/apt.log" 2>&1 || true
}
