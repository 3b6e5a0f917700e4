# Installs the headers and the package configuration. Each component has an export set of its own, so that a
# consumer of one does not need the dependencies of the others.
include(CMakePackageConfigHelpers)

set(REGARD_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/regard)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/regard DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT headers)
foreach(component regard checkpoint text image report all)
  install(TARGETS regard_${component} EXPORT regard_${component})
  install(EXPORT regard_${component} NAMESPACE regard:: FILE regard-${component}.cmake
          DESTINATION ${REGARD_PACKAGE_DIR} COMPONENT headers)
endforeach()

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/regardConfig.cmake.in
  ${PROJECT_BINARY_DIR}/regardConfig.cmake INSTALL_DESTINATION ${REGARD_PACKAGE_DIR})
# Headers have no binary interface of their own, but names may change between minor versions below 1.0.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/regardConfigVersion.cmake
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES ${PROJECT_BINARY_DIR}/regardConfig.cmake ${PROJECT_BINARY_DIR}/regardConfigVersion.cmake
              ${PROJECT_SOURCE_DIR}/cmake/RegardDependencies.cmake
        DESTINATION ${REGARD_PACKAGE_DIR} COMPONENT headers)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT headers)
