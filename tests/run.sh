#!/bin/sh
# Installs what is missing, builds everything and runs all tests.
set -eu
cd "$(dirname "$0")/.."
sh cmake/install-packages.sh g++ cmake ninja-build libeigen3-dev nlohmann-json3-dev libutf8proc-dev libjpeg-dev libpng-dev libcli11-dev catch2
# Nothing here is timed, and -O1 builds in two thirds of the time.
cmake -S . -B build/tests -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE="-O1 -DNDEBUG"
cmake --build build/tests -j "$(nproc)"
ctest --test-dir build/tests --output-on-failure -j "$(nproc)"
