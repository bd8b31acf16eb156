# What makes a fault of memory harder to use, and two builds alike, for everything that is compiled or linked here. What
# the programs have of it in the end is read by tests/check/hardening.py. The sanitizers see more by themselves.
add_library(sluice_hardening INTERFACE)

# PIE: no address is known beforehand. Stack: a canary, and no frame that reaches past the guard page.
set(hardening -fPIE -fstack-protector-strong -fstack-clash-protection)
# CFI as far as gcc has it: indirect calls end where a function begins (IBT, BTI), returns where a call was (shadow stack,
# pointer authentication). Clang's finer one would need Debian's libraries compiled for it too.
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  list(APPEND hardening -fcf-protection=full)
elseif(CMAKE_SYSTEM_PROCESSOR STREQUAL "aarch64")
  list(APPEND hardening -mbranch-protection=standard)
endif()
# Names of files as they are below the tree: the same bytes from every folder. The last one that fits counts.
list(APPEND hardening -ffile-prefix-map=${PROJECT_SOURCE_DIR}=. -ffile-prefix-map=${PROJECT_BINARY_DIR}=build)
if(CMAKE_SYSROOT)
  list(APPEND hardening -ffile-prefix-map=${CMAKE_SYSROOT}=)
endif()

target_compile_options(sluice_hardening INTERFACE "$<$<CONFIG:RelWithDebInfo>:${hardening}>")
target_compile_definitions(sluice_hardening INTERFACE $<$<CONFIG:RelWithDebInfo>:_FORTIFY_SOURCE=3>)
target_link_options(sluice_hardening INTERFACE LINKER:-z,relro,-z,now,-z,noexecstack,-z,separate-code)
