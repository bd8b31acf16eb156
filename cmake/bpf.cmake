# The kernel side: clang-14 to BPF, bpftool to a libbpf skeleton. No vmlinux.h: only UAPI headers are used.
# They are this machine's, whatever is built for: the programs are the same bytes for amd64 and arm64.
find_program(SLUICE_BPF_CLANG NAMES clang-14 REQUIRED)
find_program(SLUICE_BPFTOOL NAMES bpftool PATHS /usr/sbin /sbin REQUIRED)
pkg_check_modules(LIBBPF REQUIRED IMPORTED_TARGET libbpf)

# sluice_bpf_skeleton(<target> <source.bpf.c>): an interface library with <source>.skel.h on its include path.
function(sluice_bpf_skeleton target source)
  get_filename_component(stem ${source} NAME)
  string(REGEX REPLACE "\\.bpf\\.c$" "" stem ${stem})
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${stem}.bpf.o)
  set(skeleton ${CMAKE_CURRENT_BINARY_DIR}/${stem}.skel.h)
  add_custom_command(OUTPUT ${object}
    COMMAND ${SLUICE_BPF_CLANG} -target bpf -mcpu=v3 -g -O2 -std=gnu11 -Wall -Wextra -Werror
      -ffile-prefix-map=${PROJECT_BINARY_DIR}=build -ffile-prefix-map=${PROJECT_SOURCE_DIR}=.
      -I${PROJECT_SOURCE_DIR} -I${PROJECT_SOURCE_DIR}/include -I${PROJECT_SOURCE_DIR}/bpf
      -I${PROJECT_SOURCE_DIR}/bpf/kernel -I/usr/include/${CMAKE_HOST_SYSTEM_PROCESSOR}-linux-gnu
      -MD -MF ${object}.d -c ${source} -o ${object}
    DEPENDS ${source} DEPFILE ${object}.d VERBATIM COMMENT "BPF ${stem}.bpf.o")
  add_custom_command(OUTPUT ${skeleton}
    COMMAND ${CMAKE_COMMAND} -E echo "// NOLINTBEGIN: generated" > ${skeleton}
    COMMAND ${SLUICE_BPFTOOL} gen skeleton ${object} name sluice_${stem} >> ${skeleton}
    COMMAND ${CMAKE_COMMAND} -E echo "// NOLINTEND" >> ${skeleton}
    DEPENDS ${object} VERBATIM COMMENT "BPF ${stem}.skel.h")
  add_custom_target(${target}_skeleton DEPENDS ${skeleton})
  add_library(${target} INTERFACE)
  add_dependencies(${target} ${target}_skeleton)
  add_dependencies(generated ${target}_skeleton)
  target_include_directories(${target} SYSTEM INTERFACE ${CMAKE_CURRENT_BINARY_DIR})
  target_link_libraries(${target} INTERFACE PkgConfig::LIBBPF)
endfunction()
