#!/bin/sh
# Makes the API reference. Fails on a warning (a link, parameter or command that is wrong), and where a class, or what stands in
# the namespace itself, has no comment. Members may go without one, and so may the shorthands of attribution methods, where
# name and type say it all.
#
#     docs/api/build.sh [OUT]      (default: build/api; open OUT/html/index.html)
set -eu
cd "$(dirname "$0")/../.."
out=${1:-build/api}
sh cmake/install-packages.sh doxygen
mkdir -p "$out"
{ cat docs/api/Doxyfile; echo "OUTPUT_DIRECTORY = $out"; } | doxygen -
{
  cat docs/api/Doxyfile
  printf '%s\n' "OUTPUT_DIRECTORY = $out" EXTRACT_ALL=NO WARN_IF_UNDOCUMENTED=YES WARN_AS_ERROR=NO GENERATE_HTML=NO \
    GENERATE_XML=YES XML_PROGRAMLISTING=NO "XML_OUTPUT = undocumented"
} | doxygen - 2>"$out/undocumented.log"
rm -r "$out/undocumented"
grep 'is not documented' "$out/undocumented.log" >/dev/null || {
  echo "$out/undocumented.log: expected members without a comment, so the search does not work" >&2
  exit 1
}
if grep -E 'Compound|of (namespace|file)' "$out/undocumented.log" | grep -v '(typedef) of namespace regard '; then exit 1; fi
echo "$out/html/index.html"
