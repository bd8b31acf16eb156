#!/usr/bin/env bash
# The checks check: each row is a file, what is in it, and what its check must say about it ("" for: nothing).
# usage: self_test.sh layers|rooms|style|abi|kernels|signposts|units|links|security
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
passed=0 failed=0

verdict() { # <row> <what was wanted> <exit status> <output>
  local row=$1 wanted=$2 status=$3 output=$4
  if [[ -z $wanted && $status == 0 && -z $output ]] || [[ -n $wanted && $status == 1 && $output == *"$wanted"* ]]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "row '$row': wanted '${wanted:-nothing}', got exit $status and '$output'" >&2
  fi
}

row() { # <check> <file> <content> <wanted>
  local status=0 output
  rm -rf "$root/tree"
  mkdir -p "$root/tree/agent/model" "$root/tree/agent/net" "$root/tree/tests" "$(dirname "$root/tree/$2")"
  touch "$root/tree/agent/model/objects.h" "$root/tree/agent/net/ip.h"
  printf 'sluice_layer(model)\n' >"$root/tree/agent/model/CMakeLists.txt"
  printf '%b' "$3" >"$root/tree/$2"
  output=$("$here/$1.sh" "$root/tree" 2>&1) || status=$?
  verdict "$2 $3" "$4" "$status" "$output"
}

layers_rows() {
  row layers agent/model/a.cc '#include "agent/net/ip.h"\n' ''
  row layers agent/apps/a.cc '#include "agent/model/objects.h"\n' ''
  row layers agent/source/a.cc '#include <vector>\n#include <fcntl.h>\n' ''
  row layers agent/kernel/a.cc '#include <bpf/bpf.h>\n#include "policy.skel.h"\n' ''
  row layers agent/net/a.cc '#include "agent/model/objects.h"\n' 'agent/net/a.cc:1: "agent/model/objects.h": agent/net may not include agent/model'
  row layers agent/net/a.cc '\n#  include <agent/model/objects.h>\n' 'agent/net/a.cc:2: "agent/model/objects.h"'
  row layers agent/compile/a.cc '#include <chrono>\n' 'agent/compile/a.cc:1: <chrono> has no place in agent/compile'
  row layers agent/compile/a.cc '#include <sys/socket.h>\n' '<sys/socket.h> has no place'
  row layers agent/endpoint/a.cc '#include <bpf/libbpf.h>\n' '<bpf/libbpf.h> belongs to agent/kernel agent/kernel/attach agent/kernel/log bpf only'
  row layers agent/control/a.cc '#include <netlink/msg.h>\n' 'belongs to agent/endpoint agent/lab only'
  row layers agent/model/a.cc '#include "objects/missing.h"\n' 'is nowhere in the tree'
  row layers agent/model/a.cc '#include "sluice/v1/control.pb.h"\n' 'agent/model may not include proto'
  row layers bpf/a.h '#include "agent/net/ip.h"\n' 'bpf may not include agent/net'
  row layers agent/new/a.h '#include <vector>\n' 'its folder has no row'
  row layers agent/net/CMakeLists.txt 'sluice_layer(net LINKS\n  sluice_model)\n' 'agent/net may not use agent/model'
  row layers agent/source/feed/CMakeLists.txt 'sluice_layer(feed LINKS sluice_model)\n' 'LINKS sluice_model: no file of agent/source/feed includes from agent/model: strike it'
  row layers agent/node/a.cc '#include "agent/base/fd.h"\n' '<agent/base/fd.h> has no place in agent/node'
  row layers agent/node/a.cc '#include <grpcpp/grpcpp.h>\n' '<grpcpp/grpcpp.h> has no place in agent/node'
  row layers agent/node/a.cc '#include <boost/asio/io_context.hpp>\n' '<boost/asio/io_context.hpp> has no place in agent/node'
  row layers agent/reference/a.cc '#include "agent/net/ip.h"\n#include <netlink/msg.h>\n' 'has no place in agent/reference'
  own_rows
}

# A tree with a table of its own: each right in it is to be used.
own_rows() {
  local net='agent/net:\n' use='#include "agent/net/ip.h"\n' used='<linux/bpf.h>'
  own_row "${net}agent/model: agent/net\n" "$use" ''
  own_row "${net}agent/model: agent/net\n" '' 'tests/check/layers.txt: agent/model: agent/net: no file uses it: strike it'
  own_row "${net}agent/model: agent/net proto\n" "$use" 'agent/model: proto: no file uses it'
  own_row "${net}agent/base: agent/net\nagent/model: agent/base\n" "$use" 'agent/model: agent/base: no file uses it'
  own_row "${net}agent/model: agent/net\nonly linux/.*: agent/model\n" "$use#include $used\n" ''
  own_row "${net}agent/model: agent/net\nonly linux/.*: agent/model\n" "$use" 'only linux/.*: agent/model: no file uses it: strike it'
  own_row "${net}agent/model: agent/net\napart agent/net: agent/model\n" "$use" 'agent/model: its row lets it reach agent/net'
  own_row "${net}agent/base: agent/net\nagent/model: agent/base\napart agent/net: agent/model\n" '' 'lets it reach agent/net'
}

own_row() { # <layers.txt> <agent/model/a.cc> <wanted>
  local status=0 output
  rm -rf "$root/tree"
  mkdir -p "$root/tree/agent/model" "$root/tree/agent/net" "$root/tree/tests/check"
  touch "$root/tree/agent/net/ip.h"
  printf '%b' "$1" >"$root/tree/tests/check/layers.txt"
  printf '%b' "$2" >"$root/tree/agent/model/a.cc"
  output=$("$here/layers.sh" "$root/tree" 2>&1) || status=$?
  verdict "$1 $2" "$3" "$status" "$output"
}

rooms_rows() {
  local feed='namespace sluice::source::feed {\n' closed='}  // namespace sluice::source::feed\n' count
  row_rooms agent/source/feed/a.h "$feed$closed" ''
  row_rooms agent/source/feed/a.cc "#include <b>\nnamespace c = d;\n${feed}namespace {\n}  // namespace\n$closed" ''
  row_rooms agent/source/feed/a.cc "namespace sluice::kube { class A; }\n$feed$closed" ''
  row_rooms agent/source/feed/a.h 'namespace sluice::feed {\n' "agent/source/feed/a.h:1: 'namespace sluice::feed {': its folder says namespace sluice::source::feed"
  row_rooms agent/source/feed/a.h "$feed}  // namespace sluice::feed\n" "agent/source/feed/a.h:2: '}  // namespace sluice::feed': its folder says"
  row_rooms agent/source/feed/a.h 'struct A;\n' 'agent/source/feed/a.h:1: in no namespace'
  row_rooms agent/packet/seam.h 'struct a;\n' ''
  rm -rf "$root/tree"
  mkdir -p "$root/tree/agent/net"
  for count in {1..35}; do touch "$root/tree/agent/net/$count.c"; done
  rooms_verdict '35 sources' ''
  touch "$root/tree/agent/net/36.c"
  rooms_verdict '36 sources' 'agent/net: 36 sources, more than 35'
}

row_rooms() { # <file> <content> <wanted>
  rm -rf "$root/tree"
  mkdir -p "$(dirname "$root/tree/$1")"
  printf '%b' "$2" >"$root/tree/$1"
  rooms_verdict "$1 $2" "$3"
}

rooms_verdict() { # <row> <wanted>
  local status=0 output
  output=$("$here/rooms.sh" "$root/tree" 2>&1) || status=$?
  verdict "$1" "$2" "$status" "$output"
}

units_row() { # <covered.txt> <wanted> <file>...
  local status=0 output file
  rm -rf "$root/tree"
  for file in tests/unit/net/ip_test.cc agent/net/ip.cc agent/net/ip.h "${@:3}"; do
    mkdir -p "$(dirname "$root/tree/$file")"
    touch "$root/tree/$file"
  done
  printf '%b' "$1" >"$root/tree/tests/unit/covered.txt"
  [[ -z ${code:-} ]] || printf '%b' "$code" >"$root/tree/$3"
  output=$("$here/units.sh" "$root/tree" 2>&1) || status=$?
  verdict "$*" "$2" "$status" "$output"
}

units_rows() {
  local port='agent/net/port.cc: tests/unit/net/ip_test.cc\n' list=tests/unit/covered.txt
  units_row '# none\n\n' ''
  units_row '' '' agent/net/port.h
  code='int f() { return 1; }\n' units_row '' 'agent/net/port.h: no tests/unit/net/port_test.cc: write it' agent/net/port.h
  code='// they return { what\nint f();\n' units_row '' '' agent/net/port.h
  units_row '' 'agent/net/port.cc: no tests/unit/net/port_test.cc: write it, or say in' agent/net/port.cc
  units_row '' '' agent/source/feed/port.cc tests/unit/feed/port_test.cc
  units_row '' 'agent/packet/path.c: no tests/unit/packet/path_test.cc' agent/packet/path.c
  units_row "$port" '' agent/net/port.cc
  units_row "# a\\n$port" "$list:2: agent/net/port.cc: there is no such file: strike the line"
  units_row "$port" "$list:1: agent/net/port.cc: has tests/unit/net/port_test.cc: strike" agent/net/port.cc tests/unit/net/port_test.cc
  units_row "$port$port" "$list:2: agent/net/port.cc: stands here twice" agent/net/port.cc
  units_row 'agent/net/port.cc: tests/gone_test.cc\n' "$list:1: agent/net/port.cc: there is no test tests/gone_test.cc" agent/net/port.cc
  units_row 'agent/net/port.cc: agent/net/ip.cc\n' 'there is no test agent/net/ip.cc' agent/net/port.cc
}

style_rows() {
  row style agent/net/port.cc 'int port = 1; // a BPF helper, a common case\n' ''
  row style agent/net/string_util.h '' 'agent/net/string_util.h: a name that says nothing'
  row style agent/net/a.h 'class FlowManager {};\n' 'agent/net/a.h:1: a name that says nothing'
  row style agent/net/a.h '\nvoid process(int packet);\n' 'agent/net/a.h:2: a name that says nothing'
  row style agent/net/a.h '// keep in sync with b.h\n' 'agent/net/a.h:1: one definition per fact'
  row style agent/net/a.h '// TODO\n' 'left undone'
  row style agent/net/a.h '// Laws: this; that.\n' 'agent/net/a.h:1: laws in one paragraph'
  row style agent/net/a.h '// Laws:\n//  1. This.\n' ''
  row style docs/a.md 'see /home/somebody/notes\n' "docs/a.md:1: a path of somebody's machine"
  row style tests/a_test.cc 'std::this_thread::sleep_for(1s);\n' 'a sleep in a test'
  row style tests/a.sh 'sleep 1\n' 'a sleep in a test'
  row style agent/net/a.cc "$(printf '\\n%.0s' {1..401})" 'agent/net/a.cc: 401 lines, more than 400'
  row style agent/net/a.cc "$(printf '\\n%.0s' {1..400})" ''
}

abi_row() { # <file below include/> <sed expression> <wanted>
  local status=0 output
  rm -rf "$root/include"
  cp -r "$here/../../include" "$root/include"
  sed -i "$2" "$root/include/$1"
  output=$("$here/abi.sh" "$root/include" "$root/abi.txt" 2>&1) || status=$?
  verdict "$1 $2" "$3" "$status" "$output"
}

abi_rows() {
  local raise='raise SLUICE_LAYOUT_VERSION'
  "$here/abi.sh" --update "$here/../../include" "$root/abi.txt"
  abi_row sluice/layout.h 's/an edit of words alone//' ''
  abi_row sluice/layout.h 's/__u64 since;.*/__u64 from;/; s/ since;/ from;/' "$raise"
  abi_row sluice/layout.h 's/family, protocol, direction, reserved;/protocol, family, direction, reserved;/' "$raise"
  abi_row sluice/limits.h 's/\(SLUICE_MAX_SERVICES\) [0-9]*/\1 7/' "$raise"
  abi_row sluice/reasons.h '/^ *X(SELF,/d' "$raise"
  abi_row sluice/limits.h 's/\(SLUICE_LAYOUT_VERSION\) [0-9]*/\1 999/' 'a new version: write it down'
}

kernels_row() { # <docs/kernels.md> <README.md> <kernels.txt> <wanted>
  local status=0 output
  rm -rf "$root/tree"
  mkdir -p "$root/tree/docs" "$root/tree/tests/kernels"
  printf '%b' "$1" >"$root/tree/docs/kernels.md"
  printf '%b' "$2" | tee "$root/tree/README.md" >"$root/tree/docs/operating.md"
  printf '%b' "$3" >"$root/tree/tests/kernels/kernels.txt"
  output=$("$here/kernels.sh" "$root/tree" 2>&1) || status=$?
  verdict "$1 $2 $3" "$4" "$status" "$output"
}

kernels_rows() {
  local table='# Kernels\n\n|  | **5.10** | **6.1** |\n| --- | --- | --- |\n' list='# what\n5.10 a short\n6.1 b long\n'
  kernels_row "$table" 'booted on Linux 5.10 and 6.1.\n' "$list" ''
  kernels_row "$table" 'Runs on Linux 5.10.\n' "$list" 'README.md: does not say'
  kernels_row "$table" 'booted on Linux 5.10, 6.1 and 6.12\n' "$list" "README.md: says 'booted on Linux 5.10, 6.1 and 6.12'"
  kernels_row "$table" 'booted on Linux 5.10 and 6.1\n' "$list"'6.12 c long\n' 'lacks 6.12'
  kernels_row '# Kernels\n' 'booted on Linux 5.10 and 6.1\n' "$list" 'names no kernels'
}

# shellcheck disable=SC2016  # backticks are Markdown's
signposts_row() { # <row of the table> <named in design.md> <README.md> <wanted>
  local status=0 output
  rm -rf "$root/tree"
  mkdir -p "$root/tree/docs" "$root/tree/agent/net/" "$root/tree/tests/unit/net"
  touch "$root/tree/agent/net/ip.h" "$root/tree/tests/unit/net/ip_test.cc"
  printf '## Folders\n| `docs/` | a | |\n| `tests/unit/` | a | any |\n%b\n## More\n%b\n' "$1" "$2" >"$root/tree/docs/design.md"
  printf '%b' "$3" >"$root/tree/README.md"
  output=$("$here/signposts.sh" "$root/tree" 2>&1) || status=$?
  verdict "$1 $2 $3" "$4" "$status" "$output"
}

# shellcheck disable=SC2016
signposts_rows() {
  local net='| `agent/net/` | addresses | base |' readme='[design](docs/design.md)\n'
  signposts_row "$net" 'see `agent/net/ip.h`, `agent/*/*.h`' "$readme" ''
  signposts_row '' '' "$readme" 'agent/net: has no row in docs/design.md'
  signposts_row "$net\n| \`agent/gone/\` | nothing | |" '' "$readme" '"Folders" has agent/gone/, which is not there'
  signposts_row '| `agent/net/` | addresses | model |' '' "$readme" "agent/net/ may include 'model', layers.txt says 'base'"
  signposts_row "$net" 'see `agent/net/gone.h`' "$readme" 'names agent/net/gone.h, which is not there'
  signposts_row "$net" 'see `ip.h`' "$readme" ''
  signposts_row "$net" 'see `gone.h`' "$readme" 'names gone.h, and no folder has such a file'
  signposts_row "$net" '' 'nothing\n' 'README.md: does not list docs/design.md'
}

# SECURITY.md with one line, in a tree that has the test A.B.
security_row() { # <held by> <wanted>
  local status=0 output
  rm -rf "$root/tree"
  mkdir -p "$root/tree/tests/check"
  printf 'TEST_F(A, B) {\n' >"$root/tree/tests/a_test.cc"
  printf '    def test_b(self):\n' >"$root/tree/tests/b_test.py"
  printf 'add_test(NAME check_c)\n' >"$root/tree/tests/CMakeLists.txt"
  printf '| who | with |\n|---|---|\n| a | b |\n\n| cannot | held by |\n|---|---|\n| fly | %s |\n' "$1" >"$root/tree/SECURITY.md"
  output=$("$here/security.sh" "$root/tree" 2>&1) || status=$?
  verdict "$1" "$2" "$status" "$output"
}

# shellcheck disable=SC2016  # backticks are Markdown's
security_rows() {
  security_row '`A.B`' ''
  security_row '`A.B` `b_test.test_b` `check_c` `tests/a_test.cc`' ''
  security_row 'nobody' 'SECURITY.md:7: names no test that holds it'
  security_row '`A.C`' 'SECURITY.md:7: there is no test A.C'
  security_row '`A.B` `b_test.test_c`' 'SECURITY.md:7: there is no test b_test.test_c'
  security_row '`check_d`' 'SECURITY.md:7: there is no test check_d'
  security_row '`tests/gone_test.cc`' 'SECURITY.md:7: there is no test tests/gone_test.cc'
}

"$1_rows"
echo "$passed passed, $failed failed"
((failed == 0 && passed > 0))
