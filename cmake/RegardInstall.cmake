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
              ${PROJECT_SOURCE_DIR}/cmake/RegardDependencies.cmake ${PROJECT_SOURCE_DIR}/cmake/RegardCompiled.cmake
        DESTINATION ${REGARD_PACKAGE_DIR} COMPONENT headers)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT headers)

# pkg-config, for those who build without CMake. Paths are relative to the file, so that the prefix can be moved.
set(REGARD_PC_DIR ${CMAKE_INSTALL_DATADIR}/pkgconfig)
file(RELATIVE_PATH REGARD_PC_UP /${REGARD_PC_DIR} /)
string(REGEX REPLACE "/$" "" REGARD_PC_UP "${REGARD_PC_UP}")
function(regard_pkg_config name libs requires description)
  set(REGARD_PC_NAME ${name})
  set(REGARD_PC_LIBS "${libs}")
  set(REGARD_PC_REQUIRES "${requires}")
  set(REGARD_PC_DESCRIPTION "${description}")
  configure_file(${PROJECT_SOURCE_DIR}/cmake/regard.pc.in ${PROJECT_BINARY_DIR}/${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${REGARD_PC_DIR} COMPONENT headers)
endfunction()
regard_pkg_config(regard -pthread "eigen3 >= 3.4" "Explains transformers; regard/regard.hpp")
regard_pkg_config(regard-checkpoint "" "regard, nlohmann_json >= 3.11" "Checkpoints for regard; regard/checkpoint.hpp")
regard_pkg_config(regard-text "" "regard-checkpoint, libutf8proc" "Text models for regard; regard/text.hpp")
regard_pkg_config(regard-image "" "regard-checkpoint, libjpeg, libpng" "Image models for regard; regard/image.hpp")
regard_pkg_config(regard-report "" "regard, nlohmann_json >= 3.11" "Reports of regard; regard/report.hpp")
regard_pkg_config(regard-all "" "regard-text, regard-image, regard-report" "All of regard; regard/all.hpp")
