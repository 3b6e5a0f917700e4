# SPDX-License-Identifier: MIT
# Joins headers of this library and all that they include from it into one file, in the order in which the
# compiler reads them.
#
#     awk -f cmake/single_header.awk LICENSE include regard/all.hpp > regard.hpp
#     awk -f cmake/single_header.awk LICENSE include regard/shapley.hpp regard/testing/laws.hpp > regard.hpp

function fail(message) {
  print "single_header.awk: " message > "/dev/stderr"
  failed = 1
  exit 1
}

# Line by line, with a path of the library in place of the line that includes it, the first time.
function join(path,    file, line, found, name) {
  if (failed || path in seen)
    return
  seen[path] = 1
  file = folder "/" path
  print ""
  print "// ---- " path
  while ((found = (getline line < file)) > 0) {
    if (line ~ /^#include <regard\//) {
      name = line
      sub(/^#include </, "", name)
      sub(/>.*/, "", name)
      join(name)
    } else if (line !~ /^#pragma once/ && line !~ /^\/\/ SPDX-License-Identifier/)
      print line
  }
  if (found < 0)
    fail("cannot read " file)
  close(file)
}

BEGIN {
  if (ARGC < 4)
    fail("found " (ARGC - 1) " arguments, expected LICENSE FOLDER HEADER...")
  license = ARGV[1]
  folder = ARGV[2]
  print "// In one file, made by cmake/single_header.awk; do not edit:"
  for (i = 3; i < ARGC; ++i)
    print "//     " ARGV[i]
  print "//"
  while ((found = (getline line < license)) > 0)
    print (line == "" ? "//" : "// " line)
  if (found < 0)
    fail("cannot read " license)
  print "#pragma once"
  print ""
  print "#if defined(REGARD_ABI) || defined(REGARD_SINGLE_HEADER)"
  print "#error \"a header of regard, or another of its single headers, is included beside this one: use one or the other\""
  print "#endif"
  for (i = 3; i < ARGC; ++i)
    join(ARGV[i])
  print ""
  print "#define REGARD_SINGLE_HEADER"
  exit failed
}
