# The installed package: `find_package(Crashlab REQUIRED)`, then link crashlab::harness (or a room
# of faultfs/ alone). Headers lie under include/crashlab/: includes read as they do here.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(crashlab_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Crashlab)

get_property(crashlab_targets GLOBAL PROPERTY CRASHLAB_LIBRARIES)
foreach(program crashlab kv_store)
  if(TARGET ${program})
    list(APPEND crashlab_targets ${program})
  endif()
endforeach()
install(TARGETS ${crashlab_targets} EXPORT CrashlabTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

# A folder named internal/ stays at home, and so does that of a program.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/faultfs ${PROJECT_SOURCE_DIR}/store
                  ${PROJECT_SOURCE_DIR}/harness
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/crashlab
        FILES_MATCHING PATTERN "*.h" PATTERN internal EXCLUDE PATTERN store/cli EXCLUDE)

install(EXPORT CrashlabTargets NAMESPACE crashlab:: DESTINATION ${crashlab_package_dir})
configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/CrashlabConfig.cmake.in
  ${PROJECT_BINARY_DIR}/CrashlabConfig.cmake
  INSTALL_DESTINATION ${crashlab_package_dir})
# Before 1.0 a minor version may change any interface.
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/CrashlabConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/CrashlabConfig.cmake
              ${PROJECT_BINARY_DIR}/CrashlabConfigVersion.cmake
        DESTINATION ${crashlab_package_dir})
