# What `make install` puts where: the programs, the agent's systemd unit, the documents.
include(GNUInstallDirs)

# `programs` builds what is installed, and nothing else.
add_custom_target(programs)
foreach(program sluiced sluicectl sluice-watcher sluice-cni kubectl-sluice)
  if(TARGET ${program})
    add_dependencies(programs ${program})
    install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endforeach()

# Manual pages and completions, out of the programs' own definitions. A target's name as command: of another machine's
# program it is run by CMAKE_CROSSCOMPILING_EMULATOR.
set(papers ${PROJECT_BINARY_DIR}/papers)
foreach(page sluiced.8 sluicectl.1 sluice-watcher.8 sluice-cni.8 kubectl-sluice.1)
  cmake_path(GET page STEM program)
  cmake_path(GET page EXTENSION section)
  string(SUBSTRING ${section} 1 1 section)
  if(TARGET ${program})
    add_custom_command(OUTPUT ${papers}/${page} COMMAND ${CMAKE_COMMAND} -E make_directory ${papers}
      COMMAND ${program} --man > ${papers}/${page} DEPENDS ${program} COMMENT "manual page ${page}" VERBATIM)
    list(APPEND SLUICE_PAPERS ${papers}/${page})
    install(FILES ${papers}/${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
  endif()
endforeach()
foreach(completion bash:bash-completion/completions/sluicectl zsh:zsh/site-functions/_sluicectl
        fish:fish/vendor_completions.d/sluicectl.fish)
  string(REPLACE ":" ";" completion ${completion})
  list(GET completion 0 shell)
  list(GET completion 1 place)
  set(file ${papers}/completion.${shell})
  add_custom_command(OUTPUT ${file} COMMAND ${CMAKE_COMMAND} -E make_directory ${papers}
    COMMAND sluicectl completion ${shell} > ${file} DEPENDS sluicectl COMMENT "completion for ${shell}" VERBATIM)
  list(APPEND SLUICE_PAPERS ${file})
  cmake_path(GET place PARENT_PATH folder)
  cmake_path(GET place FILENAME name)
  install(FILES ${file} DESTINATION ${CMAKE_INSTALL_DATADIR}/${folder} RENAME ${name})
endforeach()
add_custom_target(papers DEPENDS ${SLUICE_PAPERS})
add_dependencies(programs papers)

# What `make demo` runs: a newcomer waits for these alone.
add_custom_target(demo_programs DEPENDS sluiced sluicectl)

# Below the prefix both /usr and /usr/local are places where systemd looks.
install(FILES ${PROJECT_SOURCE_DIR}/deploy/sluiced.service ${PROJECT_SOURCE_DIR}/deploy/sluice-hold.service DESTINATION lib/systemd/system)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/NOTICE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/SECURITY.md DESTINATION ${CMAKE_INSTALL_DOCDIR} OPTIONAL)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR} OPTIONAL)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/examples DESTINATION ${CMAKE_INSTALL_DOCDIR} OPTIONAL)
