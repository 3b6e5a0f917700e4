#!/bin/sh
# What must hold of the headers as text, and what must compile and link, or must not. Needs no build. The last four steps take
# minutes and are no part of the quick suite.
#
#     tests/hygiene/run.sh text|misuse|abi|orders|compiled|alone|units|state [COMPILER [include flags...]]      (default: g++, Eigen of Debian)
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
# Three searches: each reads lines FILE:LINE: CODE as code.awk prints them, and keeps those that it refuses.
# Names that the language reserves: an underscore and a capital, or two underscores. Those of the compiler and the
# platform may be used, not defined.
reserved() {
  sed -E -e 's/(# *(define|undef) +)(_[A-Z]|\w*__)/\1_DEFINED_\3/' -e 's/\b(__(AVX|SSE|FMA|ARM|m[0-9]|mmask|has_|builtin_)\w*|__(unix|APPLE|GNUC|clang|FAST_MATH|x86_64|aarch64)__|__VA_(ARGS|OPT)__)\b//g' |
    grep -E '\b(_[A-Z]\w*|\w*__\w*)\b'
}
# Code that prints, or is there to print. snprintf alone may need <cstdio>.
prints() {
  grep -E -e '# *include *<(iostream|syncstream|print|stdio\.h|syslog\.h|cstdio)>' \
    -e '\b(stdout|stderr|STDOUT_FILENO|STDERR_FILENO)\b|"/dev/' \
    -e '\bstd *:: *(w?(cout|cerr|clog)\b|(v?print|println)\w*[ (]|system\b)' \
    -e '\b(v?w?printf|puts|putchar|putwchar|perror|v?syslog|v?dprintf|(std *:: *)?system) *\(' \
    -e '\bwrite *\( *[12] *,'
}
# Variables that outlive a call and are no constants.
state() {
  grep -E '\b(thread_local|static|extern|inline)\b' | grep -v -E -e ' constexpr ' -e '# *define ' \
    -e '\b(static|inline) const [^*=;]*(\* *const [^*=;]*)?(=|;|\{)' \
    -e '\b(inline|static) [^=;{]*\(' -e 'inline namespace' -e 'namespace [^ ]*inline'
}
# refuse WHAT SEARCH LITERALS ALLOWED: the search finds nothing in the headers but what the pattern ALLOWED matches, and in
# its fixture those lines that end in "refused" and no other
refuse() {
  find include -name '*.hpp' -exec awk -v literals="$3" -f tests/hygiene/code.awk {} + | "$2" | grep -v -E "$4" >"$work/found" || true
  if [ -s "$work/found" ]; then
    cat "$work/found" >&2
    fail "$1"
  fi
  fixture=tests/hygiene/fixtures/$2.txt
  grep -n ' // .*refused' "$fixture" | sed 's/:.*//' >"$work/wanted"
  awk -v literals="$3" -f tests/hygiene/code.awk "$fixture" | "$2" | cut -d : -f 2 >"$work/found" || true
  cmp -s "$work/wanted" "$work/found" || {
    fail "the search for what is refused in $fixture does not report the lines that it should (-), or reports others (+)"
    diff -u "$work/wanted" "$work/found" | grep '^[-+][0-9]' >&2
  }
}
# promises PAGE: the tests that a page names as room: "test case", or as hygiene: `step`, and that are not in that room
promises() {
  tr '\n' ' ' <"$1" | grep -o -E '[a-z_]+: ("[^"]*"|`[^`]*`)' >"$work/promises" || echo "names no test"
  while read -r promise; do
    room=${promise%%: *}
    name=${promise#*: }
    case $name in
      '`'*) [ "$room" != hygiene ] || grep -q "^  $(echo "$name" | tr -d '`'))\$" tests/hygiene/run.sh || echo "there is no step $promise" ;;
      *) grep -q -s -F "TEST_CASE($name" tests/"$room"/*.cpp || echo "there is no test $promise in tests/$room" ;;
    esac
  done <"$work/promises"
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
    refuse "reserved identifiers: an underscore and a capital, or two underscores" reserved '' '^$'
    # jpeglib.h needs <cstdio>, and so does snprintf.
    refuse "the library prints nothing" prints '^"/dev/' '^include/regard/(image/detail/jpeg|models/detail/self_test)\.hpp:[0-9]*: #include <cstdio>'
    # Which worker this thread is: it is set and reset by the executor itself.
    refuse "there is no global state" state '' '^include/regard/core/detail/executor.hpp:[0-9]*:  *thread_local CurrentWorker current;'
    (cd include && find regard -name '*.hpp' -not -path '*/detail/*') | sort >"$work/public"
    while read -r header; do
      lines=$(wc -l <"include/$header")
      [ "$lines" -le 300 ] || fail "include/$header has $lines lines, at most 300 are wanted"
      grep -q '^#pragma once' "include/$header" || fail "include/$header has no #pragma once"
    done <"$work/public"
    # The README shows quickstart.cpp as it stands.
    find include tests examples cmake -name '*.[ch]pp' -not -path examples/quickstart.cpp | while read -r file; do
      [ "$(head -n 1 "$file")" = "// SPDX-License-Identifier: MIT" ] || echo "$file"
    done >"$work/found"
    [ ! -s "$work/found" ] || fail "the first line is not '// SPDX-License-Identifier: MIT': $(tr '\n' ' ' <"$work/found")"
    # The umbrella of all; testing/laws.hpp is for tests and compiled.hpp for one file of a program: included by name.
    reached regard/all.hpp >"$work/all"
    grep -v -e '^regard/testing/' -e '^regard/compiled' -e '^regard/bodies' "$work/public" | sort | comm -23 - "$work/all" >"$work/missing"
    [ ! -s "$work/missing" ] || fail "not reached from regard/all.hpp: $(tr '\n' ' ' <"$work/missing")"
    # regard::compiled has every function that is lazy in a public header and has its body elsewhere.
    # names KEYWORD: of the functions that are declared after it
    names() {
      awk -v keyword="$1" '
        {sub(/\/\/.*/, ""); gsub(/= *\{\}/, "")} # comments, and defaults, which are no bodies
        !inside && $1 == keyword {inside = 1; text = ""}
        inside {text = text " " $0}
        inside && /[;{]/ {
          inside = 0
          if (text ~ /^[^{]*;/ && match(text, /[A-Za-z_0-9]+\(/)) print substr(text, RSTART, RLENGTH - 1)
        }' | sort
    }
    sed 's|^|include/|' "$work/public" | grep -v /core/lazy.hpp | xargs cat | names REGARD_LAZY >"$work/lazy"
    names template <include/regard/compiled/functions.hpp | comm -23 "$work/lazy" - >"$work/missing"
    [ "$(wc -l <"$work/lazy")" -gt 130 ] || fail "found few functions that are REGARD_LAZY, expected more than 130"
    [ ! -s "$work/missing" ] || fail "not in include/regard/compiled/functions.hpp: $(tr '\n' ' ' <"$work/missing")"
    # The version stands in one place; vcpkg wants it in its own.
    version=$(sed -n 's/.*REGARD_VERSION_STRING "\(.*\)"/\1/p' include/regard/version.hpp)
    macros=$(sed -n 's/^#define REGARD_VERSION_[MP][AI][JNT].* //p' include/regard/version.hpp | tr '\n' .)
    [ "$macros" = "$version." ] || fail "include/regard/version.hpp: found the numbers $macros beside the string $version"
    grep -q "\"version\": \"$version\"" cmake/packaging/vcpkg/regard/vcpkg.json ||
      fail "cmake/packaging/vcpkg/regard/vcpkg.json: found another version than $version of version.hpp"
    promises docs/promises.md >"$work/found"
    while read -r line; do fail "docs/promises.md: $line"; done <"$work/found"
    # What this search must report of a page with a test of another room, one that is none, and a step that is none.
    promises tests/hygiene/fixtures/promises.md | diff tests/hygiene/fixtures/promises.txt - >&2 ||
      fail "tests/hygiene/fixtures/promises.md: other tests are reported than those of promises.txt"
    # An umbrella reaches its room, but for what stands here, with the reason.
    for room in checkpoint evaluation image report shapley tcav text; do
      case $room in
        # Reports of images, comparisons and concepts need their rooms, and libpng.
        report) left="comparison comparison_json concepts concepts_json image_html overlay" ;;
        # Needs nlohmann/json.
        tcav) left="cav_files" ;;
        *) left="" ;;
      esac
      for name in $left; do echo "regard/$room/$name.hpp"; done >"$work/left"
      reached "regard/$room.hpp" >"$work/room"
      grep "^regard/$room/" "$work/public" | comm -23 - "$work/room" >"$work/missing"
      cmp -s "$work/left" "$work/missing" ||
        fail "regard/$room.hpp: left out are $(tr '\n' ' ' <"$work/missing"), expected $(tr '\n' ' ' <"$work/left")"
      while read -r header; do
        grep -q "\`${header#regard/}\`" "include/regard/$room.hpp" || fail "regard/$room.hpp does not say that $header is left out"
      done <"$work/left"
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
    cp -r include "$work/newer"
    sed -i 's/\(#define REGARD_VERSION_MINOR\) .*/\1 99/' "$work/newer/regard/version.hpp"
    build() { "$compiler" -std=c++20 "$@"; }
    # beside NAME NAMED "SETTINGS OF MAIN" "SETTINGS OF OTHER" [include flags...]: both link and run, and a tensor does not pass;
    # NAMED is what the linker says of the type that main asks for
    beside() {
      name=$1 named=$2 main=$3 other=$4
      shift 4
      build $other "$@" -c "$work/other.cpp" -o "$work/other.o"
      build $main "$@" "$work/main.cpp" "$work/other.o" -o "$work/beside" || fail "$name: other settings do not link beside"
      # Flags of vectors may be for another processor than this one.
      case "$main $other" in
        *-mavx512*) grep -q -s '\bavx512f\b' /proc/cpuinfo && runs=1 || runs=0 ;;
        *-mavx*) grep -q -s '\bfma\b.*\bavx2\b' /proc/cpuinfo && runs=1 || runs=0 ;;
        *) runs=1 ;;
      esac
      if [ $runs = 1 ]; then
        "$work/beside" || fail "$name: other settings do not run beside"
      fi
      if build $main "$@" -DCALLS "$work/main.cpp" "$work/other.o" -o "$work/mixed" 2>"$work/log"; then
        fail "$name: a tensor of other settings is linked, and must not"
      elif ! grep -q "undefined reference.*count.*regard::$named::Tensor" "$work/log"; then
        fail "$name: the linker does not name what differs, regard::$named"
        cat "$work/log" >&2
      fi
    }
    build "$@" -DNDEBUG -Iinclude -DCALLS "$work/main.cpp" -c -o "$work/main.o"
    build "$@" -DNDEBUG -Iinclude "$work/main.o" -x c++ "$work/other.cpp" -o "$work/same" && "$work/same" || fail "the same settings do not link and run"
    number() { sed -n "s/^#define REGARD_VERSION_$1 //p" include/regard/version.hpp; }
    tag="v$(number MAJOR)_$(number MINOR)_simd"
    beside "bounds checks" "${tag}[0-9]*" "-DNDEBUG -Iinclude" "-Iinclude" "$@"
    beside "version" "${tag}[0-9]*" "-DNDEBUG -Iinclude" "-DNDEBUG -I$work/newer" "$@"
    if echo 'int main() {}' | "$compiler" -mavx2 -mfma -fsyntax-only -x c++ - 2>/dev/null; then
      beside "AVX2 and FMA" "${tag}16" "-DNDEBUG -Iinclude" "-DNDEBUG -Iinclude -mavx2 -mfma" "$@"
      beside "AVX without FMA" "${tag}32" "-DNDEBUG -Iinclude -mavx" "-DNDEBUG -Iinclude -mavx2 -mfma" "$@"
      beside "AVX-512" "${tag}16" "-DNDEBUG -Iinclude" "-DNDEBUG -Iinclude -mavx2 -mfma -mavx512f" "$@"
    else
      echo "hygiene: $compiler knows no -mavx2 -mfma, so objects of other vector instructions are not tried" >&2
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
  state)
    # An object with all bodies of the library holds nothing that can be written to, but what is allowed here: constants that
    # are made at the start or at their first use, and which worker this thread is.
    # written OBJECT: regard's symbols in sections that can be written to
    written() {
      nm -f sysv "$1" | sed -n -E 's/ *\|.*\|\.(bss|data|tbss|tdata)(\..*)?$/|\1\2/p' | grep -v '|data\.rel\.ro' |
        sed -n -E 's/^(_Z+N[KVRO]*6regard[^|]*)\|.*/\1/p' | c++filt | sed 's/regard::v[0-9a-z_]*::/regard::/g' | sort -u
    }
    cat >"$work/kept.cpp" <<'CPP'
namespace regard::inline v1_2_simd16 {
struct Holder { static inline int members = 0; };
inline int counter = 0;
inline int zero_but_used = 1;
inline const char* name = "a";
template <class T> inline T of_template = T();
inline constexpr const char* names[] = {"a", "b"};
inline constexpr int limit = 3;
const char* const* constants(int i) {
  static const int table[] = {1, 2, 3};
  return names + table[i] * limit;
}
inline int calls() {
  static int count = 0;
  thread_local int mine = 0;
  return ++count + ++mine;
}
template <class T> T in_template(T value) {
  static T sum = 0;
  return [](T x) { static T product = 1; return product *= x; }(value) + (sum += value);
}
int use() { return ++Holder::members + ++counter + *name + ++of_template<int> + calls() + ++zero_but_used + in_template(1); }
} // namespace regard::inline v1_2_simd16
CPP
    cat >"$work/wanted" <<'END'
regard::Holder::members
regard::calls()::count
regard::calls()::mine
regard::counter
regard::in_template<int>(int)::sum
regard::in_template<int>(int)::{lambda(int)#1}::operator()(int) const::product
regard::name
regard::of_template<int>
regard::zero_but_used
END
    "$compiler" -std=c++20 -O0 -c "$work/kept.cpp" -o "$work/kept.o"
    written "$work/kept.o" | diff "$work/wanted" - >&2 || fail "of an object with variables, not exactly those are found that should (<)"
    printf '#include <%s>\n' regard/compiled.hpp regard/testing/laws.hpp regard/testing/attribution_laws.hpp >"$work/all.cpp"
    "$compiler" -std=c++20 -O0 -fkeep-inline-functions -Iinclude "$@" -c "$work/all.cpp" -o "$work/all.o"
    written "$work/all.o" | grep -v -E -e '^regard::detail::(bert|vit)_ignorable(\[abi:cxx11\])?$' \
      -e '^regard::MaskedInputGame<.*>::serial\(\)::executor$' -e '^regard::detail::current_worker\(\)::current$' >"$work/found" || true
    if [ -s "$work/found" ]; then
      cat "$work/found" >&2
      fail "there is no global state"
    fi
    [ "$(written "$work/all.o" | wc -l)" -gt 0 ] || fail "nm names none of the constants that are allowed: its output is not understood"
    ;;
  alone)
    # Each public header by itself, twice.
    set -- -std=c++20 -fsyntax-only -Wall -Wextra -Wconversion -Wshadow -Wold-style-cast -Werror -Iinclude "$@" -x c++ -
    export work
    find include -name '*.hpp' -not -path '*/detail/*' | sed 's|^include/||' | sort | xargs -P "$(nproc)" -I HEADER sh -c '
      log=$work/$(echo HEADER | tr / _).log
      printf "#include <%s>\n" HEADER HEADER | "$@" 2>"$log" || {
        echo "include/HEADER does not stand alone:"
        head -n 20 "$log"
        exit 1
      } >&2' sh "$compiler" "$@" || fail "a header does not stand alone"
    ;;
  units)
    # Two files of one program that use the same functions, without regard::compiled: no body is defined twice, and both get the
    # same values.
    set -- -std=c++20 -Wall -Wextra -Wconversion -Wshadow -Wold-style-cast -Werror -Iinclude "$@"
    cat >"$work/use.hpp" <<'CPP'
#include <regard/all.hpp>
#include <regard/testing/attribution_laws.hpp>
#include <regard/testing/laws.hpp>

using Model = regard::TextClassifier<float>;
std::vector<double> first(const Model& model);
std::vector<double> second(const Model& model);

namespace {

struct Majority {
  regard::Index players() const { return 5; }
  double value(const regard::Coalition& coalition) const { return coalition.size() >= 3 ? 1 : 0; }
};

std::vector<double> use(const Model& model) {
  const regard::Explanation why = regard::explain(model, "a fine film", regard::grad_attention_mutual{});
  std::vector<double> values = why.values;
  const auto shares = regard::shapley(Majority{}).values;
  values.insert(values.end(), shares.begin(), shares.end());
  values.push_back(static_cast<double>(regard::terminal(why).size() + regard::json(why).size() + regard::html(why).size()));
  values.push_back(static_cast<double>(regard::testing::check_game(Majority{}).size()));
  return values;
}

} // namespace
CPP
    for name in first second; do
      printf '#include "use.hpp"\nstd::vector<double> %s(const Model& model) { return use(model); }\n' $name >"$work/$name.cpp"
      "$compiler" "$@" -c "$work/$name.cpp" -o "$work/$name.o"
    done
    cat >"$work/main.cpp" <<'CPP'
#include <regard/text.hpp>

#include <iostream>

std::vector<double> first(const regard::TextClassifier<float>& model);
std::vector<double> second(const regard::TextClassifier<float>& model);
int main() {
  const auto model = regard::load_text_classifier<float>("examples/models/bert-tiny-sst2");
  const std::vector<double> values = first(model);
  std::cout << values.size() << " values, of the second file " << (values == second(model) ? "the same" : "others") << ", "
            << values.back() << " broken laws\n";
}
CPP
    "$compiler" "$@" "$work/main.cpp" "$work/first.o" "$work/second.o" -o "$work/two" -lutf8proc -ljpeg -lpng -pthread
    found=$("$work/two")
    [ "$found" = "10 values, of the second file the same, 0 broken laws" ] || fail "two files of one program: $found"
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
    echo "hygiene: there is no step $step, only text, misuse, abi, orders, compiled, alone, units, state" >&2
    exit 2
    ;;
esac
exit $failed
