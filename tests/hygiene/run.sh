#!/bin/sh
# What must hold of the headers as text, and what must not compile or link. Compiles little; needs no build.
#
#     tests/hygiene/run.sh text|misuse|abi|orders|compiled [COMPILER [include flags...]]      (default: g++, Eigen of Debian)
set -eu
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
step=$1
shift
compiler=${1:-g++}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- -isystem /usr/include/eigen3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
fail() {
  echo "hygiene: $1" >&2
  failed=1
}
# refuse WHAT PATTERN: no line of code of the headers, comments and string literals aside, matches
refuse() {
  if find include -name '*.hpp' -exec awk '{ s = $0; gsub(/"([^"\\]|\\.)*"/, "\"\"", s); sub(/\/\/.*/, "", s)
      print FILENAME ":" FNR ": " s }' {} + | grep -E "$2" >"$work/found"; then
    cat "$work/found" >&2
    fail "$1"
  fi
}
# reached HEADER: all headers of regard that it includes, directly or not
reached() {
  echo "$1" >"$work/reached"
  while :; do
    { cat "$work/reached"; sed 's|^|include/|' "$work/reached" | xargs sed -n 's|^#include <\(regard/.*\)>.*|\1|p'; } | sort -u >"$work/next"
    if cmp -s "$work/reached" "$work/next"; then break; fi
    mv "$work/next" "$work/reached"
  done
  cat "$work/reached"
}

case $step in
  text)
    refuse "the library prints nothing: no <iostream>" '#include <iostream>'
    refuse "the library prints nothing" 'std::(cout|cerr|clog)|[^a-z_](printf|puts|putchar|perror) *\(|fprintf *\( *std(out|err)'
    refuse "reserved identifiers: a leading underscore and a capital, or two underscores" \
      '(#define|class|struct|enum|using|typename|auto|int|double) +(_[A-Z]|[A-Za-z0-9_]*__)[A-Za-z0-9_]*( |;|=|\()'
    (cd include && find regard -name '*.hpp' -not -path '*/detail/*') | sort >"$work/public"
    while read -r header; do
      lines=$(wc -l <"include/$header")
      [ "$lines" -le 300 ] || fail "include/$header has $lines lines, at most 300 are wanted"
      grep -q '^#pragma once' "include/$header" || fail "include/$header has no #pragma once"
    done <"$work/public"
    # The umbrella of all; testing/laws.hpp is for tests and compiled.hpp for one file of a program: included by name.
    reached regard/all.hpp >"$work/all"
    grep -v -e '^regard/testing/' -e '^regard/compiled' -e '^regard/bodies' "$work/public" | sort | comm -23 - "$work/all" >"$work/missing"
    [ ! -s "$work/missing" ] || fail "not reached from regard/all.hpp: $(tr '\n' ' ' <"$work/missing")"
    # The version stands in one place; vcpkg wants it in its own.
    version=$(sed -n 's/.*REGARD_VERSION_STRING "\(.*\)"/\1/p' include/regard/version.hpp)
    grep -q "\"version\": \"$version\"" cmake/packaging/vcpkg/regard/vcpkg.json ||
      fail "cmake/packaging/vcpkg/regard/vcpkg.json: found another version than $version of version.hpp"
    # Promises name tests that are there.
    sed -n 's/^- [a-z]*: "\(.*\)"$/\1/p' docs/promises.md >"$work/promises"
    [ -s "$work/promises" ] || fail "docs/promises.md names no test"
    while read -r name; do
      grep -r -q -F "TEST_CASE(\"$name\"" tests --include=*.cpp || fail "docs/promises.md: there is no test \"$name\""
    done <"$work/promises"
    for room in checkpoint evaluation image shapley tcav text; do
      reached "regard/$room.hpp" >"$work/room"
      grep "^regard/$room/" "$work/public" | comm -23 - "$work/room" >"$work/missing"
      # Its umbrella would need the JSON library for them.
      if [ $room = tcav ]; then sed -i '\|tcav/cav_files.hpp|d' "$work/missing"; fi
      [ ! -s "$work/missing" ] || fail "not reached from regard/$room.hpp: $(tr '\n' ' ' <"$work/missing")"
    done
    ;;
  misuse)
    # Each file holds its message in `// expect:`; with -DRIGHT it compiles, so that nothing else is wrong with it.
    for source in tests/hygiene/misuse/*.cpp; do
      expected=$(sed -n 's|^// expect: ||p' "$source")
      [ -n "$expected" ] || fail "$source has no line '// expect:'"
      if "$compiler" -std=c++20 -fsyntax-only -Iinclude "$@" "$source" 2>"$work/log"; then
        fail "$source compiles, and must not"
      elif ! grep -q -F "$expected" "$work/log"; then
        fail "$source: the compiler does not say '$expected' but"
        head -n 20 "$work/log" >&2
      fi
      "$compiler" -std=c++20 -fsyntax-only -DRIGHT -Iinclude "$@" "$source" 2>"$work/log" || {
        fail "$source does not compile with -DRIGHT"
        head -n 20 "$work/log" >&2
      }
    done
    ;;
  abi)
    # Objects of other settings coexist in one program; a type of one does not pass for that of the other.
    cat >"$work/main.cpp" <<'CPP'
#include <regard/tensor.hpp>
regard::Index count(const regard::Tensor<float, 1>& tensor);
int plain();
int main() {
#if defined(CALLS)
  return count(regard::Tensor<float, 1>({2})) == 2 ? 0 : 1;
#else
  return plain() == 2 && regard::Tensor<float, 1>({3}).size() == 3 ? 0 : 1;
#endif
}
CPP
    cat >"$work/other.cpp" <<'CPP'
#include <regard/tensor.hpp>
regard::Index count(const regard::Tensor<float, 1>& tensor);
regard::Index count(const regard::Tensor<float, 1>& tensor) { return tensor.size(); }
int plain();
int plain() { return static_cast<int>(count(regard::Tensor<float, 1>({2}))); }
CPP
    build() { "$compiler" -std=c++20 -Iinclude "$@"; }
    build "$@" -DNDEBUG -c "$work/other.cpp" -o "$work/fast.o"
    build "$@" -c "$work/other.cpp" -o "$work/checked.o"
    build "$@" -DNDEBUG -DCALLS "$work/main.cpp" "$work/fast.o" -o "$work/same" && "$work/same" || fail "same settings do not link and run"
    build "$@" -DNDEBUG "$work/main.cpp" "$work/checked.o" -o "$work/beside" && "$work/beside" || fail "other settings do not coexist"
    if build "$@" -DNDEBUG -DCALLS "$work/main.cpp" "$work/checked.o" -o "$work/mixed" 2>"$work/log"; then
      fail "a tensor of other settings is linked, and must not"
    elif ! grep -q 'undefined reference.*count.*regard::v[0-9_]*simd' "$work/log"; then
      fail "the linker does not name what differs"
      cat "$work/log" >&2
    fi
    ;;
  orders)
    # Umbrellas in several orders: nothing may depend on what was included before.
    set -- -std=c++20 -fsyntax-only -Wall -Wextra -Wconversion -Wshadow -Wold-style-cast -Werror -Iinclude "$@"
    names=$(cd include/regard && ls *.hpp | grep -v -e version -e all.hpp -e compiled -e bodies)
    for order in "sort" "sort -r" "sort -k1.3" "sort -r -k1.3"; do
      for name in $names; do echo $name; done | $order | sed 's|.*|#include <regard/&>|' >"$work/order.cpp"
      "$compiler" "$@" "$work/order.cpp" 2>"$work/log" || {
        fail "umbrellas do not compile in the order of $order"
        head -n 20 "$work/log" >&2
      }
    done
    ;;
  compiled)
    # Each header without its bodies, and all bodies once.
    set -- -std=c++20 -fsyntax-only -Wall -Wextra -Wconversion -Wshadow -Wold-style-cast -Werror -Iinclude "$@"
    (cd include && find regard -name '*.hpp' -not -path '*/detail/*' -not -path '*/compiled*') | sort >"$work/public"
    while read -r header; do
      echo "#include <$header>" | "$compiler" "$@" -DREGARD_COMPILED -x c++ - 2>"$work/log" || {
        fail "include/$header does not compile with REGARD_COMPILED"
        head -n 20 "$work/log" >&2
      }
    done <"$work/public"
    echo '#include <regard/compiled.hpp>' | "$compiler" "$@" -x c++ - 2>"$work/log" || {
      fail "include/regard/compiled.hpp does not compile"
      head -n 20 "$work/log" >&2
    }
    if printf '#include <regard/tensor.hpp>\n#include <regard/bodies.hpp>\n' | "$compiler" "$@" -DREGARD_COMPILED -x c++ - 2>"$work/log"; then
      fail "include/regard/bodies.hpp compiles after another header, without the bodies"
    fi
    if echo '#include <regard/compiled.hpp>' | "$compiler" "$@" -DREGARD_COMPILED -x c++ - 2>"$work/log"; then
      fail "include/regard/compiled.hpp compiles with REGARD_COMPILED"
    fi
    ;;
  *)
    echo "hygiene: there is no step $step, only text, misuse, abi, orders, compiled" >&2
    exit 2
    ;;
esac
exit $failed
