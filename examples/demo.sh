#!/bin/sh
# Installs what is missing, builds the example programs and explains a sentence and a picture with the bundled models.
#
#     examples/demo.sh ["a sentence of your own"]
set -eu
cd "$(dirname "$0")/.."
text=${1:-"An unpredictable , gripping and beautifully acted film , if a little too long ."}
sh cmake/install-packages.sh g++ cmake ninja-build libeigen3-dev nlohmann-json3-dev libutf8proc-dev libjpeg-dev libpng-dev libcli11-dev

build=build/demo
mkdir -p "$build"
log=$build/demo.log
echo "Building (about a minute and a half) ..."
if ! { cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DREGARD_BUILD_TESTS=OFF &&
       cmake --build "$build" --target explain_text explain_image -j "$(nproc)"; } >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi

"$build/examples/explain_text" --text "$text" --html "$build/explanation.html"
echo
"$build/examples/explain_image" --image examples/images/horse.png --html "$build/image.html"
echo
echo "The same as pages: $(pwd)/$build/explanation.html"
echo "                   $(pwd)/$build/image.html"
