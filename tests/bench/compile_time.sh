#!/bin/sh
# What including regard costs a compiler: user seconds, the least of ROUNDS runs in turn, and the ratio to Eigen/Dense.
#
#     tests/bench/compile_time.sh [ROUNDS]      (default 5; CXX names the compiler, default g++)
#
# The last rows are a user's file, examples/quickstart.cpp, with the headers alone and with regard::compiled.
set -eu
cd "$(dirname "$0")/../.."
rounds=${1:-5}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for header in Eigen/Dense regard/shapley.hpp regard/regard.hpp regard/all.hpp; do
  echo "#include <$header>" >"$work/$(echo "$header" | tr / _).cpp"
done
cp examples/quickstart.cpp "$work/quickstart.cpp"
cp examples/quickstart.cpp "$work/quickstart_compiled.cpp"

# seconds FILE LEVEL: user seconds of one run
seconds() {
  more=""
  case $1 in *_compiled.cpp) more=-DREGARD_COMPILED ;; esac
  sh -c '"$@" && times' sh "${CXX:-g++}" -std=c++20 "$2" -DNDEBUG $more -Iinclude -isystem /usr/include/eigen3 -c "$1" -o "$work/out.o" |
    tail -n 1 | tr 'ms' '  ' | awk '{print $1 * 60 + $2}'
}

"${CXX:-g++}" --version | head -n 1
for level in -O0 -O2; do
  round=0
  while [ $round -lt "$rounds" ]; do
    for file in "$work"/*.cpp; do echo "$(basename "$file" .cpp) $(seconds "$file" $level)"; done
    round=$((round + 1))
  done | awk -v level=$level '
    !($1 in least) || $2 < least[$1] { least[$1] = $2 }
    END {
      printf "%s\n", level
      count = split("Eigen_Dense regard_shapley.hpp regard_regard.hpp regard_all.hpp quickstart quickstart_compiled", names, " ")
      for (i = 1; i <= count; ++i)
        printf "  %-22s %6.2f s  %5.2f\n", names[i], least[names[i]], least[names[i]] / least["Eigen_Dense"]
    }'
done
