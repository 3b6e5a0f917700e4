#!/bin/sh
# Uses regard as others do: installed, in their tree, fetched; with every dependency and without. Checks itself.
#
#     tests/consumers/run.sh [BUILD_DIR]      (default: build/consumers)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
mkdir -p "${1:-$source/build/consumers}"
build=$(cd "${1:-$source/build/consumers}" && pwd)
jobs=$(nproc)
model=$source/examples/models/bert-tiny-sst2
generator=
if command -v ninja >/dev/null 2>&1; then generator="-G Ninja"; fi

fail() {
  echo "consumers: FAILED: $1" >&2
  if [ -n "${2:-}" ]; then cat "$2" >&2; fi
  exit 1
}
passed() { echo "consumers: passed: $1"; }

# configure NAME PROJECT options...: a fresh build folder, so that nothing found before is remembered
configure() {
  dir=$build/$1 project=$here/$2
  shift 2
  rm -rf "$dir"
  mkdir -p "$dir"
  cmake --no-warn-unused-cli -S "$project" -B "$dir" $generator -DCMAKE_EXPORT_COMPILE_COMMANDS=ON "$@" >"$dir.log" 2>&1
}

# is_json FILE: one object with the key "prediction". The parser is CMake's, which is here anyway.
cat >"$build/is_json.cmake" <<'END'
file(READ "${FILE}" text)
string(JSON type ERROR_VARIABLE error TYPE "${text}" prediction)
if(error)
  message(FATAL_ERROR "${error}")
endif()
END
is_json() { cmake -DFILE="$1" -P "$build/is_json.cmake" >"$1.log" 2>&1 || fail "$1 is no JSON with a prediction" "$1.log"; }

# works NAME PROJECT options...: configures, builds, runs, and what it prints is JSON
works() {
  name=$1
  configure "$@" || fail "$name: does not configure" "$build/$name.log"
  if grep -q 'CMake.*Warning' "$build/$name.log"; then fail "$name: warns" "$build/$name.log"; fi
  cmake --build "$build/$name" -j "$jobs" >"$build/$name.log" 2>&1 || fail "$name: does not build" "$build/$name.log"
  (cd / && "$build/$name/consumer" "$model") >"$build/$name.json" 2>"$build/$name.log" ||
    fail "$name: the program fails" "$build/$name.log"
  is_json "$build/$name.json"
  if grep -E -q -e '-W[a-z]|-march|-fsanitize|-O[0-9]' "$build/$name/compile_commands.json"; then
    fail "$name: flags reach the consumer" "$build/$name/compile_commands.json"
  fi
  passed "$name"
}

# refuses NAME TEXT PROJECT options...: does not configure, and says TEXT
refuses() {
  name=$1 text=$2
  shift 2
  if configure "$name" "$@"; then fail "$name: configures, but should not"; fi
  # CMake breaks its messages into lines.
  tr -s ' \n' ' ' <"$build/$name.log" | grep -q -F "$text" || fail "$name: does not say '$text'" "$build/$name.log"
  passed "$name"
}

# Installed, then moved: nothing in a prefix may know where it was.
rm -rf "$build/made" "$build/prefix" "$build/moved"
cmake -S "$source" -B "$build/made" $generator -DCMAKE_BUILD_TYPE=Release -DREGARD_BUILD_TESTS=OFF \
  >"$build/made.log" 2>&1 || fail "regard does not configure" "$build/made.log"
cmake --build "$build/made" --target explain_text -j "$jobs" >"$build/made.log" 2>&1 ||
  fail "explain_text does not build" "$build/made.log"
cmake --build "$build/made" -j "$jobs" >"$build/made.log" 2>&1 || fail "the examples do not build" "$build/made.log"
cmake --install "$build/made" --prefix "$build/prefix" >"$build/made.log" 2>&1 ||
  fail "regard does not install" "$build/made.log"
mv "$build/prefix" "$build/moved"
moved=$build/moved
for path in "$source" "$build"; do
  if grep -r -l -F "$path" "$moved" >"$build/paths.log"; then fail "installed files name $path:" "$build/paths.log"; fi
done
if grep -E -r -q -e '-march|-fsanitize|-Wall|COMPILE_OPTIONS' "$moved"/lib*/cmake "$moved"/lib*/*/cmake 2>/dev/null; then
  fail "the exported targets carry compiler flags"
fi
passed "install: no path of the build, no flags"

for place in / "$moved/bin"; do
  (cd "$place" && "$moved/bin/explain_text" --text "a fine film" --format json) >"$build/installed.json" \
    2>"$build/installed.log" || fail "explain_text does not run from $place" "$build/installed.log"
  is_json "$build/installed.json"
done
(cd / && PATH="$moved/bin:$PATH" explain_text --text "a fine film" --format json) >"$build/installed.json" ||
  fail "explain_text does not run through PATH"
ln -s "$moved/bin/explain_text" "$moved/linked"
"$moved/linked" --text "a fine film" --format json >"$build/installed.json" || fail "explain_text does not run as a link"
rm "$moved/linked"
passed "the installed explain_text finds its model from any folder, in a moved prefix"

prefix=-DCMAKE_PREFIX_PATH=$moved
works whole find_package "$prefix"
works text_and_report find_package "$prefix" "-DCONSUMER_COMPONENTS=text;report"
for component in regard checkpoint text image report all; do
  works "component_$component" find_package "$prefix" -DCONSUMER_COMPONENTS=$component \
    -DCONSUMER_PROGRAM=$component -DCONSUMER_TARGETS=regard::$component
done

# The compiled library: the same bits as from the headers, and a program that has no body of its own.
works component_compiled find_package "$prefix" -DCONSUMER_COMPONENTS=compiled -DCONSUMER_PROGRAM=all -DCONSUMER_TARGETS=regard::compiled
cmp "$build/component_compiled.json" "$build/component_all.json" || fail "regard::compiled computes something else"
object=$(find "$build/component_compiled" -name 'all.cpp*.o*' | head -n 1)
if nm -C "$object" | grep -E ' [WTV] .*(regard::[^ ]*::explain|Encoder<float>::forward|load_text_classifier)' >"$build/compiled.log"; then
  fail "a file with regard::compiled has bodies of its own" "$build/compiled.log"
fi
passed "compiled: the same bits, no bodies in the consumer's object"
works compiled_own_model find_package "$prefix" -DCONSUMER_COMPONENTS=compiled -DCONSUMER_PROGRAM=own_model -DCONSUMER_TARGETS=regard::compiled
cmp "$build/compiled_own_model.json" "$build/component_all.json" || fail "a model of one's own beside regard::compiled computes something else"

# As if all dependencies but Eigen were not there: not found, and headers in the way that end the compilation.
hidden=$build/hidden
mkdir -p "$hidden/nlohmann"
echo '#error nlohmann/json is not here' | tee "$hidden/nlohmann/json.hpp" >"$hidden/nlohmann/json_fwd.hpp"
for header in utf8proc jpeglib png; do echo "#error $header is not here" >"$hidden/$header.h"; done
no_json=-DCMAKE_DISABLE_FIND_PACKAGE_nlohmann_json=ON
no_utf8proc=-DREGARD_UTF8PROC_INCLUDE=
no_jpeg=-DCMAKE_DISABLE_FIND_PACKAGE_JPEG=ON
no_png=-DCMAKE_DISABLE_FIND_PACKAGE_PNG=ON
without="$no_json $no_utf8proc $no_jpeg $no_png -DCMAKE_CXX_FLAGS=-I$hidden"
alone="-DCONSUMER_PROGRAM=regard -DCONSUMER_TARGETS=regard::regard"
works eigen_alone find_package "$prefix" $without $alone -DCONSUMER_COMPONENTS=regard
works eigen_alone_whole find_package "$prefix" $without $alone
works eigen_alone_embedded add_subdirectory "-DREGARD_SOURCE=$source" $without $alone
refuses eigen_alone_text "nlohmann_json::nlohmann_json" add_subdirectory "-DREGARD_SOURCE=$source" $without
refuses no_json "component report needs nlohmann/json 3.11 or newer (Debian: nlohmann-json3-dev)" \
  find_package "$prefix" $no_json -DCONSUMER_COMPONENTS=report
refuses no_utf8proc "component text needs utf8proc (Debian: libutf8proc-dev)" \
  find_package "$prefix" $no_utf8proc -DCONSUMER_COMPONENTS=text
refuses no_jpeg "component image needs libjpeg-turbo (Debian: libjpeg-dev)" \
  find_package "$prefix" $no_jpeg -DCONSUMER_COMPONENTS=image
refuses no_png "component image needs libpng (Debian: libpng-dev)" \
  find_package "$prefix" $no_png -DCONSUMER_COMPONENTS=image
refuses no_eigen "component regard needs Eigen 3.4 or newer (Debian: libeigen3-dev)" \
  find_package "$prefix" -DCMAKE_DISABLE_FIND_PACKAGE_Eigen3=ON -DCONSUMER_COMPONENTS=regard
refuses unknown "there is no component image2, only regard, checkpoint, text, image, report, all, compiled" \
  find_package "$prefix" "-DCONSUMER_COMPONENTS=text;image2"

works embedded add_subdirectory "-DREGARD_SOURCE=$source"
works fetched fetch_content "-DREGARD_SOURCE=$source"
works fetched_override fetch_content "-DFETCHCONTENT_SOURCE_DIR_REGARD=$source" $alone

# builds NAME PROGRAM flags...: without CMake, and without a warning
builds() {
  name=$1 program=$2
  shift 2
  "${CXX:-c++}" -std=c++20 -O1 -DNDEBUG -Wall -Wextra -Wconversion -Wshadow -Wold-style-cast -Werror \
    "$here/programs/$program.cpp" -o "$build/$name" "$@" >"$build/$name.log" 2>&1 || fail "$name: does not build" "$build/$name.log"
  (cd / && "$build/$name" "$model") >"$build/$name.json" 2>"$build/$name.log" || fail "$name: the program fails" "$build/$name.log"
  is_json "$build/$name.json"
  passed "$name"
}

# Headers of the system are no matter of ours: they warn where their packages name them by -I.
system() { sed 's|-I/usr/|-isystem /usr/|g'; }

# pkg-config, in a prefix that was moved.
for component in regard checkpoint text image report all; do
  package=regard-$component
  if [ "$component" = regard ]; then package=regard; fi
  flags=$(PKG_CONFIG_PATH=$moved/share/pkgconfig pkg-config --cflags --libs "$package" 2>"$build/pkg.log") ||
    fail "pkg-config does not know $package" "$build/pkg.log"
  builds "pkg_config_$component" $component $(echo "$flags" | system)
done

# One file, made of the headers: the same program with the same output, in two translation units, and refused beside the headers.
single=$build/single
rm -rf "$single"
mkdir -p "$single/regard"
cmake --build "$build/made" --target regard_single_header >"$build/single.log" 2>&1 || fail "no single header" "$build/single.log"
cp "$build/made/single_include/regard.hpp" "$single/regard.hpp"
libraries=$(pkg-config --cflags --libs eigen3 nlohmann_json libutf8proc libjpeg libpng | system)
for header in all regard text image report checkpoint shapley; do
  printf '#include "../regard.hpp"\n' >"$single/regard/$header.hpp" # what the programs include
done
echo '#include "regard.hpp"' >"$single/second.cpp"
builds single_header all "-I$single" "$single/second.cpp" $libraries -pthread
cmp "$build/single_header.json" "$build/pkg_config_all.json" || fail "the single header computes something else"
awk -f "$source/cmake/single_header.awk" "$source/LICENSE" "$source/include" regard/regard.hpp >"$single/regard.hpp" ||
  fail "no single header of regard/regard.hpp"
builds single_header_of_regard regard "-I$single" $(pkg-config --cflags eigen3 | system) -pthread
printf '#include "regard.hpp"\n#include "%s/include/regard/tensor.hpp"\n' "$source" >"$single/mixed.cpp"
printf '#include "%s/include/regard/tensor.hpp"\n#include "regard.hpp"\n' "$source" >"$single/other.cpp"
for mixed in mixed other; do
  if "${CXX:-c++}" -std=c++20 -fsyntax-only "-I$single" "-I$source/include" $(pkg-config --cflags eigen3) "$single/$mixed.cpp" 2>"$build/$mixed.log"; then
    fail "a single header beside the headers compiles"
  fi
  grep -q 'use one or the other' "$build/$mixed.log" || fail "a single header beside the headers: not said" "$build/$mixed.log"
done
passed "a single header beside the headers is refused"

# Headers alone install where there is Eigen and nothing else.
rm -rf "$build/headers" "$build/headers_prefix"
cmake -S "$source" -B "$build/headers" $no_json $no_utf8proc $no_jpeg $no_png -DREGARD_BUILD_TESTS=OFF -DREGARD_BUILD_EXAMPLES=OFF \
  >"$build/headers.log" 2>&1 || fail "headers alone do not configure" "$build/headers.log"
cmake --install "$build/headers" --prefix "$build/headers_prefix" >"$build/headers.log" 2>&1 ||
  fail "headers alone do not install" "$build/headers.log"
works headers_then_text find_package "-DCMAKE_PREFIX_PATH=$build/headers_prefix" -DCONSUMER_COMPONENTS=all
echo "consumers: all passed"
