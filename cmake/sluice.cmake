# sluice_layer(): a folder becomes a static library that sees only the layers it links.
# sluice_test():  a folder's *_test.cc become one GoogleTest program in ctest.
# Targets: `sanitized` builds what `ctest --preset debug` runs; `fuzzers` what `make fuzz` runs.
# `threaded` what `ctest --preset threads` runs; `benchmarks` what `make bench` runs; `programs` what `make install`
# installs; `generated` makes headers only.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

add_library(sluice_options INTERFACE)
target_compile_options(sluice_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Werror=return-type
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Woverloaded-virtual>
  -fstack-protector-strong -fno-omit-frame-pointer)
# Names and lines for a backtrace; what only a debugger wants (the debug preset has it) takes a third of the time.
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")
target_include_directories(sluice_options INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
include(${CMAKE_CURRENT_LIST_DIR}/harden.cmake)
target_link_libraries(sluice_options INTERFACE sluice_hardening)
if(SLUICE_WERROR)
  target_compile_options(sluice_options INTERFACE -Werror)
endif()
if(SLUICE_SANITIZE)
  target_compile_options(sluice_options INTERFACE -fsanitize=${SLUICE_SANITIZERS} -fno-sanitize-recover=undefined)
  target_link_options(sluice_options INTERFACE -fsanitize=${SLUICE_SANITIZERS})
  if(SLUICE_SANITIZERS STREQUAL thread)  # several times slower without the optimiser
    target_compile_options(sluice_options INTERFACE -O1 -g1)
  endif()
  target_compile_definitions(sluice_options INTERFACE SLUICE_SANITIZE)  # compilers tell of it in different ways
endif()
if(SLUICE_FUZZ)
  # What the sanitizers add is several times slower without the optimiser.
  target_compile_options(sluice_options INTERFACE -fsanitize=fuzzer-no-link -O1)
  target_link_options(sluice_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# What tests and benchmarks open in the source tree they find through this header, and only they are compiled anew in
# another clone: a definition on the command line would keep ccache from sharing all the others.
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/sluice_source_dir.h
  CONTENT "#pragma once\n#define SLUICE_SOURCE_DIR \"${PROJECT_SOURCE_DIR}\"\n" @ONLY)
target_include_directories(sluice_options INTERFACE ${PROJECT_BINARY_DIR}/generated)

# Every layer of C++, those that a layer links before it.
set(SLUICE_LAYERS base sandbox report net dns names model view times clock serve source lint decode encode convert folder kube feed relay watcher image table content compile why packet log kernel
    attach answers endpoint learn node flow observe reference engine explain wire rehearse expect replay picture ui stream name_loop upkeep control lab cni oracle)
set(SLUICE_LAYER_DIR_oracle tests/oracle)
set(SLUICE_LAYER_DIR_attach agent/kernel/attach)
set(SLUICE_LAYER_DIR_log agent/kernel/log)
set(SLUICE_LAYER_DIR_answers agent/kernel/answers)
set(SLUICE_LAYER_DIR_name_loop agent/control/learning)
set(SLUICE_LAYER_DIR_upkeep agent/control/upkeep)
set(SLUICE_LAYER_DIR_clock agent/times/clock)
set(SLUICE_LAYER_DIR_content agent/compile/content)
set(SLUICE_LAYER_DIR_why agent/compile/why)
set(SLUICE_LAYER_DIR_wire agent/explain/wire)
foreach(layer decode encode folder kube feed)
  set(SLUICE_LAYER_DIR_${layer} agent/source/${layer})
endforeach()
foreach(layer base sandbox report learn net dns names model view times serve source lint convert relay watcher image table compile packet kernel endpoint node flow observe reference
        engine explain rehearse expect replay picture ui stream control lab cni)
  set(SLUICE_LAYER_DIR_${layer} agent/${layer})
endforeach()

# sluice_in_units(<target> [APART <f>...]): the target's *.cc are compiled SLUICE_UNIT files at a time: most of what the
# compiler does is the standard library's templates and Boost's, once for each of its runs. So a name at namespace scope
# is unique in its folder, in anonymous namespaces too. APART: what a program takes that wants nothing else of the
# folder, nor the libraries of the rest; units of their own. SLUICE_UNITS=OFF: each file by itself.
option(SLUICE_UNITS "Compile several files at a time" ON)
set(SLUICE_UNIT 8 CACHE STRING "How many files are compiled at a time")
function(sluice_in_units target)
  cmake_parse_arguments(ARG "" "" "APART" ${ARGN})
  if(NOT SLUICE_UNITS)
    return()
  endif()
  list(TRANSFORM ARG_APART PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  get_target_property(rest ${target} SOURCES)
  list(FILTER rest INCLUDE REGEX "\\.cc$")
  if(ARG_APART)
    list(REMOVE_ITEM rest ${ARG_APART})
  endif()
  set(apart ${ARG_APART})
  foreach(set apart rest)
    set(place 0)
    foreach(source ${${set}})
      math(EXPR unit "${place} / ${SLUICE_UNIT}")
      math(EXPR place "${place} + 1")
      set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${set}_${unit})
    endforeach()
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  # In a unit the main file is generated, so gcc takes each *.cc for a header. check_headers looks at the headers.
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-subobject-linkage>)
endfunction()

# sluice_layer(<name> [LINKS <layer or library>...] [APART <f>...]): every *.cc of the calling folder.
function(sluice_layer name)
  cmake_parse_arguments(ARG "" "" "LINKS;APART" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc ${CMAKE_CURRENT_SOURCE_DIR}/*.c)
  file(GLOB headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.h)
  if(sources)
    add_library(sluice_${name} STATIC ${sources} ${headers})
    target_link_libraries(sluice_${name} PUBLIC sluice_options ${ARG_LINKS})
    sluice_in_units(sluice_${name} APART ${ARG_APART})
  else()
    add_library(sluice_${name} INTERFACE)
    target_link_libraries(sluice_${name} INTERFACE sluice_options ${ARG_LINKS})
  endif()
endfunction()

# What runs on several threads, for `make threads`.
set(SLUICE_THREADED unit_apps unit_base unit_clock unit_cni unit_control unit_endpoint unit_folder unit_kernel unit_kube
  unit_relay unit_serve unit_stream unit_upkeep kubeapi live)
add_custom_target(threaded)
# What runs real traffic through the programs, and takes too long under the sanitizers for `make test`: for `make sanitize`.
set(SLUICE_APART live churn cni_chain e2e)
add_custom_target(apart)

add_custom_target(generated)
add_custom_target(sanitized)
add_custom_target(fuzzers)
add_custom_target(benchmarks)

# sluice_register_test(<name> <seconds> [GUEST] [LABELS l...] [LOCK r...]): how every ctest of the project runs.
# Labels decide the rest: `live` and `kernel` tests take turns at the kernel, but for a GUEST's, which brings its own and
# takes two processors, and those with a LOCK of their own: the longest, so that the others need not wait for them;
# what is neither of these nor `check` runs under the sanitizers too, where it is given more time; so does what says
# `sanitized` itself. `sanitized-only` is built by target `all` nowhere else.
# Who waits for a turn begins first, and the longest before others, by the time that it is given: then ctest ends with
# many short ones on all processors. What it measured itself counts instead from its second run on.
function(sluice_register_test name seconds)
  cmake_parse_arguments(ARG "GUEST" "" "LABELS;LOCK" ${ARGN})
  if("live" IN_LIST ARG_LABELS OR "kernel" IN_LIST ARG_LABELS)
    if(NOT ARG_GUEST AND NOT ARG_LOCK)
      set(ARG_LOCK kernel)
    endif()
  elseif(NOT "check" IN_LIST ARG_LABELS AND NOT "sanitized" IN_LIST ARG_LABELS)
    list(APPEND ARG_LABELS sanitized)
  endif()
  if("sanitized" IN_LIST ARG_LABELS AND TARGET ${name})
    add_dependencies(sanitized ${name})
  endif()
  if("sanitized-only" IN_LIST ARG_LABELS AND TARGET ${name})
    set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
  foreach(group threaded apart)
    string(TOUPPER SLUICE_${group} members)
    if(name IN_LIST ${members} AND TARGET ${name})
      list(APPEND ARG_LABELS ${group})
      add_dependencies(${group} ${name})
    endif()
  endforeach()
  set(cost ${seconds})
  if("kernel" IN_LIST ARG_LOCK)
    math(EXPR cost "${seconds} + 1000")
  elseif(ARG_GUEST OR "longest" IN_LIST ARG_LOCK)
    math(EXPR cost "${seconds} + 3000")
  endif()
  if(SLUICE_SANITIZE)
    math(EXPR seconds "${seconds} * 5")
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${seconds} COST ${cost} LABELS "${ARG_LABELS}")
  if(NOT SLUICE_SANITIZE)  # a daemon that makes a system call which is not on its list ends, and its test fails
    set_tests_properties(${name} PROPERTIES ENVIRONMENT SLUICE_SANDBOX=kill)
  endif()
  if(ARG_GUEST)
    set_tests_properties(${name} PROPERTIES PROCESSORS 2)
  endif()
  if(ARG_LOCK)
    set_tests_properties(${name} PROPERTIES RESOURCE_LOCK "${ARG_LOCK}")
  endif()
endfunction()

# Tests are compiled far oftener than they are run or debugged: lines for a backtrace under the sanitizers, else nothing.
add_library(sluice_test_options INTERFACE)
target_compile_options(sluice_test_options INTERFACE
  $<$<CONFIG:RelWithDebInfo>:-O1> $<$<CONFIG:RelWithDebInfo>:-g0> $<$<CONFIG:Debug>:-g1>)

# sluice_test(<name> LINKS ... [LABELS ...] [LOCK ...] [TIMEOUT s] [DIR d]): one program from the folder's *_test.cc.
function(sluice_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT;DIR" "LINKS;LABELS;LOCK" ${ARGN})
  if(NOT ARG_DIR)
    set(ARG_DIR ${CMAKE_CURRENT_SOURCE_DIR})
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${ARG_DIR}/*_test.cc)
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources})
  if(TARGET sluice_test_headers)
    target_precompile_headers(${name} REUSE_FROM sluice_test_headers)
  endif()
  target_link_libraries(${name} PRIVATE sluice_test_options ${ARG_LINKS} GTest::gtest GTest::gmock GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  sluice_register_test(${name} ${ARG_TIMEOUT} LABELS ${ARG_LABELS} LOCK ${ARG_LOCK})
endfunction()

# sluice_bench(<name> LINKS ...): one benchmark program, bench_<what>, of every *.cc of the folder; in <build>/bench.
function(sluice_bench name)
  cmake_parse_arguments(ARG "" "" "LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  add_executable(${name} ${sources})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bench)
  target_link_libraries(${name} PRIVATE sluice_bench_harness ${ARG_LINKS})
  sluice_in_units(${name})
  add_dependencies(benchmarks ${name})
endfunction()
