#!/bin/sh
# Everything beyond the quick suite. Installs what is missing; takes some hours on two cores.
#
#     tests/all.sh            every step
#     tests/all.sh STEP...    those steps: quick seeds long consumers debug sanitize thread clang newer native tidy format hygiene reference fuzz
set -eu
cd "$(dirname "$0")/.."
steps="format hygiene reference quick seeds long consumers debug sanitize thread clang newer native tidy fuzz"
packages="g++ cmake ninja-build libeigen3-dev nlohmann-json3-dev libutf8proc-dev libjpeg-dev libpng-dev libcli11-dev catch2"
jobs=$(nproc)

# Several steps: each in a process of its own, so that one failure does not hide the next.
if [ $# -ne 1 ]; then
  [ $# -gt 0 ] || set -- $steps
  failed=""
  for step in "$@"; do
    echo "== $step"
    begin=$(date +%s)
    if sh tests/all.sh "$step"; then result=passed; else
      result=FAILED
      failed="$failed $step"
    fi
    echo "== $step: $result after $(($(date +%s) - begin)) s"
  done
  if [ -n "$failed" ]; then
    echo "failed:$failed" >&2
    exit 1
  fi
  echo "all steps passed"
  exit 0
fi

# suite PRESET: configure, build without a warning (CMake 3.24 and newer see to that), test
fixed="" strict=ON
suite() {
  cmake --preset "$1" -DCMAKE_COMPILE_WARNING_AS_ERROR=$strict
  cmake --build --preset "$1" -j "$jobs"
  $fixed ctest --preset "$1" -j "$jobs"
}

warnings="-Wall -Wextra -Wconversion -Wshadow -Wold-style-cast -Werror"

# standards COMPILER: every header, in the language as it was in 2020 and in 2023
standards() {
  for standard in c++20 c++2b; do
    printf '#include <regard/all.hpp>\n#include <regard/testing/laws.hpp>\n#include <regard/testing/attribution_laws.hpp>\n' |
      "$1" -std=$standard $warnings -Iinclude -isystem /usr/include/eigen3 -fsyntax-only -x c++ -
  done
}

case $1 in
  quick) sh tests/run.sh ;;
  seeds)
    # The laws on other random games, weights and inputs than those of the quick suite.
    [ -f build/tests/build.ninja ] || sh tests/run.sh
    cmake --build build/tests -j "$jobs"
    for seed in 1 2 3 4 $(date +%s); do
      for program in build/tests/tests/test_*; do
        "$program" --rng-seed "$seed" >build/tests/seeds.log 2>&1 || {
          cat build/tests/seeds.log >&2
          exit 1
        }
      done
    done
    ;;
  long)
    # Ten thousand explanations; prints the memory that they take.
    [ -f build/tests/build.ninja ] || sh tests/run.sh
    cmake --build build/tests -j "$jobs" --target test_load
    build/tests/tests/test_load "[.long]"
    ;;
  consumers)
    sh cmake/install-packages.sh $packages pkg-config
    sh tests/consumers/run.sh build/consumers
    ;;
  debug | native)
    sh cmake/install-packages.sh $packages
    # g++ 12 warns of its own headers of intrinsics, with -march=native.
    if [ "$1" = native ]; then strict=OFF; fi
    suite "$1"
    ;;
  sanitize)
    sh cmake/install-packages.sh $packages clang-16 libclang-rt-16-dev
    # Everything that is allocated is freed, undefined behaviour ends the test.
    ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1 suite sanitize
    ;;
  thread)
    sh cmake/install-packages.sh $packages clang-16 libclang-rt-16-dev
    # The thread sanitizer's fixed addresses collide with much randomness of the kernel's.
    if setarch -R true 2>/dev/null; then fixed="setarch -R"; fi
    suite thread
    ;;
  clang)
    sh cmake/install-packages.sh $packages clang-16
    standards clang++-16
    suite clang
    ;;
  newer)
    # Eigen 5 and Catch2 3, in the language of 2023.
    sh cmake/install-packages.sh $packages
    sh tests/newer_packages.sh build/newer-packages
    cmake --preset default -B build/newer -DCMAKE_PREFIX_PATH="$PWD/build/newer-packages/usr" -DCMAKE_CXX_STANDARD=23 \
      -DCMAKE_CXX_FLAGS_RELEASE="-O1 -DNDEBUG"
    grep -q "^Eigen3_DIR.*build/newer-packages" build/newer/CMakeCache.txt
    grep -q "^Catch2_DIR.*build/newer-packages" build/newer/CMakeCache.txt
    cmake --build build/newer -j "$jobs"
    ctest --test-dir build/newer -j "$jobs" --output-on-failure
    ;;
  tidy)
    sh cmake/install-packages.sh $packages libbenchmark-dev clang-16 clang-tidy-16
    sh tests/tidy.sh build/tidy
    ;;
  fuzz)
    sh cmake/install-packages.sh $packages clang-16 libclang-rt-16-dev
    # A smoke run, of inputs that no run before it has left.
    cmake --preset fuzz
    cmake --build --preset fuzz -j "$jobs"
    rm -rf build/fuzz/work
    sh tests/fuzz/run.sh build/fuzz 20
    ;;
  format)
    sh cmake/install-packages.sh clang-format-14
    find include tests examples -name '*.[ch]pp' | xargs clang-format-14 --dry-run --Werror
    ;;
  reference) sh docs/api/build.sh build/api ;;
  hygiene)
    sh cmake/install-packages.sh g++ cmake libeigen3-dev nlohmann-json3-dev libutf8proc-dev libjpeg-dev libpng-dev
    for step in text misuse abi orders compiled alone units state; do sh tests/hygiene/run.sh $step; done
    standards g++
    ;;
  *)
    echo "tests/all.sh: there is no step $1, only $steps" >&2
    exit 2
    ;;
esac
