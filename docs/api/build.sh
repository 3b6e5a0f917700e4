#!/bin/sh
# Makes the API reference; fails on a warning.
#
#     docs/api/build.sh [OUT]      (default: build/api; open OUT/html/index.html)
set -eu
cd "$(dirname "$0")/../.."
out=${1:-build/api}
sh cmake/install-packages.sh doxygen
mkdir -p "$out"
{ cat docs/api/Doxyfile; echo "OUTPUT_DIRECTORY = $out"; } | doxygen -
echo "$out/html/index.html"
