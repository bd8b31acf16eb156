# What `make install` puts where: the programs, the agent's systemd unit, the documents.
include(GNUInstallDirs)

# `programs` builds what is installed, and nothing else.
add_custom_target(programs)
foreach(program sluiced sluicectl sluice-watcher sluice-cni)
  if(TARGET ${program})
    add_dependencies(programs ${program})
    install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endforeach()

# What `make demo` runs: a newcomer waits for these alone.
add_custom_target(demo_programs DEPENDS sluiced sluicectl)

# Below the prefix both /usr and /usr/local are places where systemd looks.
install(FILES ${PROJECT_SOURCE_DIR}/deploy/sluiced.service DESTINATION lib/systemd/system)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/NOTICE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${PROJECT_SOURCE_DIR}/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR} OPTIONAL)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR} OPTIONAL)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/examples DESTINATION ${CMAKE_INSTALL_DOCDIR} OPTIONAL)
