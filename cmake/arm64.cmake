# Builds for arm64 on another machine, with Debian's cross compiler and the root that deploy/sysroot.sh makes: headers,
# libraries and what starts a program come from there, where dpkg's records name their versions; generators (protoc,
# bpftool, clang for BPF) are this machine's. Preset arm64.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc-12)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++-12)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)

cmake_path(GET CMAKE_CURRENT_LIST_DIR PARENT_PATH sluice_root)
set(CMAKE_SYSROOT ${sluice_root}/build/sysroots/arm64/root)
if(NOT EXISTS ${sluice_root}/build/sysroots/arm64/list)
  message(FATAL_ERROR "${CMAKE_SYSROOT} is not there: run deploy/sysroot.sh (make arm64 does)")
endif()

# The cross compiler has a C library of its own, older than Debian's updates: looked at after the root's.
set(sluice_libraries ${CMAKE_SYSROOT}/usr/lib/aarch64-linux-gnu)
set(sluice_runtime ${CMAKE_SYSROOT}/usr/lib/gcc/aarch64-linux-gnu/12)
set(CMAKE_EXE_LINKER_FLAGS_INIT "-B${sluice_libraries} -B${sluice_runtime} -L${sluice_runtime} -L${sluice_libraries}")

set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${CMAKE_SYSROOT})
set(ENV{PKG_CONFIG_LIBDIR} ${sluice_libraries}/pkgconfig:${CMAKE_SYSROOT}/usr/share/pkgconfig)

# What programs say of themselves: manual pages, completions.
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64-static -L ${CMAKE_SYSROOT})
