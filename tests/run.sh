#!/bin/sh
# Installs what is missing, builds everything and runs all tests.
set -eu
cd "$(dirname "$0")/.."
sh cmake/install-packages.sh g++ cmake ninja-build libeigen3-dev nlohmann-json3-dev libutf8proc-dev libjpeg-dev libpng-dev libcli11-dev catch2
cmake -S . -B build/tests -G Ninja -DCMAKE_BUILD_TYPE=Release
cmake --build build/tests -j "$(nproc)"
ctest --test-dir build/tests --output-on-failure -j "$(nproc)"
