# Prints the code of C++ files as FILE:LINE: CODE. Comments are left out; string and character literals are
# empty, but for those that match `literals` (awk -v literals=^./dev/ -f code.awk FILE...).

# The next place of interest in s, or 0
function interesting(s) {
  return match(s, /["'\/]/) ? RSTART : 0
}

FNR == 1 {
  inside = "" # what a line before has begun: a raw string or a comment, with what ends it
  raw = 0
}

{
  rest = $0
  out = ""
  while (rest != "") {
    if (inside != "") {
      end = index(rest, inside)
      if (!end)
        break
      if (raw)
        out = out "\"\""
      rest = substr(rest, end + length(inside))
      inside = ""
      continue
    }
    at = interesting(rest)
    if (!at) {
      out = out rest
      break
    }
    out = out substr(rest, 1, at - 1)
    character = substr(rest, at, 1)
    rest = substr(rest, at)
    if (rest ~ /^\/\//)
      break
    if (rest ~ /^\/\*/) {
      out = out " "
      rest = substr(rest, 3)
      inside = "*/"
      raw = 0
    } else if (character == "\"" && out ~ /(^|[^A-Za-z0-9_])(u8|u|U|L)?R$/ && match(rest, /^"[^ ()\\]*\(/)) {
      inside = ")" substr(rest, 2, RLENGTH - 2) "\""
      rest = substr(rest, RLENGTH + 1)
      raw = 1
    } else if ((character == "\"" && match(rest, /^"([^"\\]|\\.)*"/)) ||
               (character == "'" && out !~ /[0-9][0-9a-fA-F]*$/ && match(rest, /^'([^'\\]|\\.)+'/))) {
      literal = substr(rest, 1, RLENGTH)
      out = out (literals != "" && literal ~ literals ? literal : character character)
      rest = substr(rest, RLENGTH + 1)
    } else {
      out = out character
      rest = substr(rest, 2)
    }
  }
  print FILENAME ":" FNR ": " out
}
