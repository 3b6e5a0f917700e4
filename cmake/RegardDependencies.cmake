# How each dependency is found. Used by the build of this project and, installed, by its package configuration,
# so that both look in the same way. A missing one sets regard_<name>_MISSING to a sentence that says what to do.
# A target that the consumer has already (FetchContent, add_subdirectory) is taken as it is.

# No version is asked for: a constrained lookup rejects Eigen 5. The version is checked here instead.
macro(regard_find_eigen)
  if(NOT TARGET Eigen3::Eigen)
    find_package(Eigen3 CONFIG QUIET)
    if(NOT TARGET Eigen3::Eigen)
      set(regard_eigen_MISSING "Eigen 3.4 or newer (Debian: libeigen3-dev)")
    elseif(Eigen3_VERSION VERSION_LESS 3.4)
      set(regard_eigen_MISSING "Eigen 3.4 or newer, found ${Eigen3_VERSION}")
    endif()
    regard_share_target(Eigen3::Eigen)
  endif()
  regard_check_dependency(eigen)
endmacro()

macro(regard_find_threads)
  if(NOT TARGET Threads::Threads)
    find_package(Threads QUIET)
    if(NOT TARGET Threads::Threads)
      set(regard_threads_MISSING "a thread library")
    endif()
    regard_share_target(Threads::Threads)
  endif()
  regard_check_dependency(threads)
endmacro()

macro(regard_find_json)
  if(NOT TARGET nlohmann_json::nlohmann_json)
    find_package(nlohmann_json 3.11 CONFIG QUIET)
    if(NOT TARGET nlohmann_json::nlohmann_json)
      set(regard_json_MISSING "nlohmann/json 3.11 or newer (Debian: nlohmann-json3-dev)")
    endif()
    regard_share_target(nlohmann_json::nlohmann_json)
  endif()
  regard_check_dependency(json)
endmacro()

# utf8proc ships a pkg-config file only.
macro(regard_find_utf8proc)
  if(NOT TARGET regard::utf8proc)
    find_path(REGARD_UTF8PROC_INCLUDE utf8proc.h)
    find_library(REGARD_UTF8PROC_LIBRARY utf8proc)
    mark_as_advanced(REGARD_UTF8PROC_INCLUDE REGARD_UTF8PROC_LIBRARY)
    if(REGARD_UTF8PROC_INCLUDE AND REGARD_UTF8PROC_LIBRARY)
      add_library(regard::utf8proc UNKNOWN IMPORTED)
      set_target_properties(regard::utf8proc PROPERTIES IMPORTED_LOCATION "${REGARD_UTF8PROC_LIBRARY}"
                            INTERFACE_INCLUDE_DIRECTORIES "${REGARD_UTF8PROC_INCLUDE}")
    else()
      set(regard_utf8proc_MISSING "utf8proc (Debian: libutf8proc-dev)")
    endif()
    regard_share_target(regard::utf8proc)
  endif()
  regard_check_dependency(utf8proc)
endmacro()

# Embedded, a target found here is not seen by the consumer's own folder unless it is global.
macro(regard_share_target target)
  if(TARGET ${target} AND NOT REGARD_COLLECT_MISSING)
    get_target_property(regard_alias ${target} ALIASED_TARGET)
    if(NOT regard_alias)
      set_target_properties(${target} PROPERTIES IMPORTED_GLOBAL TRUE)
    endif()
  endif()
endmacro()

# In the build of this project a missing dependency ends the configuration, unless it may be missing. The package
# configuration sets REGARD_COLLECT_MISSING and decides by component.
macro(regard_check_dependency name)
  if(regard_${name}_MISSING AND NOT REGARD_COLLECT_MISSING)
    if("${name}" IN_LIST REGARD_OPTIONAL_DEPENDENCIES)
      message(STATUS "regard: not every target can be used without ${regard_${name}_MISSING}")
    else()
      message(FATAL_ERROR "regard needs ${regard_${name}_MISSING}")
    endif()
  endif()
endmacro()
