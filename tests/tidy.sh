#!/bin/sh
# clang-tidy 16 over the headers, the tests and the programs of examples and tests; consumers, the hygiene tests and the main
# function of the fuzz targets are left out:
#
#     tests/tidy.sh BUILD          ends with 1 when something is found; what it reads and says is in BUILD
#
# What a file includes (Eigen, Catch2) takes a minute and more. So many files are read as one, each in a namespace of its
# own and after the headers of them all.
set -eu
cd "$(dirname "$0")/.."
source=$PWD
mkdir -p "$1"
build=$(cd "$1" && pwd)
rm -f "$build"/*.cpp "$build"/*.log

find tests examples -name '*.cpp' -not -path 'tests/consumers/*' -not -path 'tests/hygiene/*' \
  -not -path 'tests/fuzz/libfuzzer/*' | sort >"$build/all"
# Read alone: what looks at what was included before it, or belongs into no namespace.
xargs grep -l -E '^#undef NDEBUG|CATCH_CONFIG_RUNNER|operator new|^#error|^namespace regard::inline' <"$build/all" >"$build/alone"

# together NAME: the files of standard input
together() {
  cat >"$build/$1"
  {
    find include/regard -name '*.hpp' -not -path '*/detail/*' -not -path '*/compiled/*' | sort |
      sed 's/^include.\(.*\)/#include <\1>/'
    while read -r file; do
      folder=$source/$(dirname "$file")
      sed -n 's/^#include //p' "$file" | while read -r header; do
        beside=$folder/$(echo "$header" | tr -d '"')
        if [ -f "$beside" ]; then echo "#include \"$beside\""; else echo "#include $header"; fi
      done
    done <"$build/$1" | sort -u
    while read -r file; do
      printf 'namespace %s {\n#include "%s/%s"\n}\n' "$(echo "${file%.cpp}" | tr '/' '_')" "$source" "$file"
    done <"$build/$1"
  } >"$build/$1.cpp"
}

grep -v -x -F -f "$build/alone" "$build/all" >"$build/rest"
grep -E '^tests/(core|transformer|shapley|checkpoint|text|image|models|fuzz)/' "$build/rest" | together tests_1
grep '^tests/' "$build/rest" | grep -v -x -F -f "$build/tests_1" | together tests_2
grep -v '^tests/' "$build/rest" | together examples
while read -r file; do
  printf '#include "%s/%s"\n' "$source" "$file" >"$build/$(echo "$file" | tr '/' '_')"
done <"$build/alone"
# The bodies in float and double, as they are compiled once.
printf '#include <%s>\n' regard/compiled/functions.hpp regard/compiled/models.hpp regard/compiled/explainers.hpp \
  >"$build/compiled.cpp"

# One file, with the warnings of the build. Tests need not reserve what they push back.
cat >"$build/read" <<END
checks=-bugprone-suspicious-include
case \$1 in */tests_*) checks=\$checks,-performance-inefficient-vector-operation ;; esac
clang-tidy-16 -quiet --config-file='$source/.clang-tidy' --checks=\$checks "\$1" -- -std=c++20 -DNDEBUG \
  -Wall -Wextra -Wconversion -Wshadow -Wold-style-cast -Wno-return-type -I'$source/include' -I'$source/tests' \
  -isystem /usr/include/eigen3 -DREGARD_SOURCE='"$source"' -DREGARD_PROGRAMS='"$build"' \
  -DREGARD_FUZZ_INPUTS='"$source/tests/fuzz"' -DREGARD_TEST_DATA='"$source/tests/golden"' \
  -DREGARD_TEST_MODELS='"$source/examples/models"' >"\$1.log" 2>&1 || {
  echo "tests/tidy.sh: \$1: see \$1.log" >&2
  exit 1
}
END
failed=""
ls -S "$build"/*.cpp | xargs -P "$(nproc)" -n 1 sh "$build/read" || failed=yes
if [ -n "$failed" ]; then
  grep -h -E '(warning|error):' "$build"/*.log | sort -u
  exit 1
fi
