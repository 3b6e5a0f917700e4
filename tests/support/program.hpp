// SPDX-License-Identifier: MIT
// Runs an example program and looks at what it does.
#pragma once

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

namespace regard_test {

/// How a program ended and what it wrote.
struct Result {
  int code;
  std::string out, error;
};

/// Runs an example program; `arguments` is shell text.
inline Result run_program(const std::string& name, const std::string& arguments,
                          const std::string& input = "") {
  const TemporaryFolder folder;
  const std::string command = std::string("\"") + REGARD_PROGRAMS + "/" + name + "\" " + arguments + " <" +
                              folder.write("in", input).string() + " >" + (folder.path() / "out").string() +
                              " 2>" + (folder.path() / "error").string();
  const int status = std::system(command.c_str());
  return {WEXITSTATUS(status), read_file(folder.path() / "out"), read_file(folder.path() / "error")};
}

/// A failure: the code, nothing on standard output, one line on standard error that holds `words`.
inline void check_failure(const std::string& name, const Result& result, int code,
                          const std::vector<std::string>& words) {
  CHECK(result.code == code);
  CHECK(result.out.empty());
  CHECK(std::count(result.error.begin(), result.error.end(), '\n') == 1);
  CHECK(result.error.rfind(name + ": ", 0) == 0);
  for (const std::string& word : words)
    CHECK_THAT(result.error, Catch::Matchers::ContainsSubstring(word));
}

} // namespace regard_test
