// SPDX-License-Identifier: MIT
// The results file of an interrupted comparison ==== its timings ==== a second results file: continued, and
// merged.
#pragma once

#include "fuzz/targets/support.hpp"

#include "../examples/support/results_file.hpp"

namespace regard_fuzz {

inline void results(Bytes input) {
  static const Folder folder;
  const auto [first, timings, second] = split<3>(input);
  const auto one = folder.write("one.jsonl", first), other = folder.write("two.jsonl", second);
  folder.write_or_remove("one.jsonl.timings", timings);
  const std::vector<std::string> files =
      second.empty() ? std::vector<std::string>{one.string()} : std::vector{one.string(), other.string()};
  accepts([&] {
    const auto merged = program::merge_results(files);
    require(!merged.lines.empty() || merged.header.at("inputs") == 0, "a line for each input");
    require(merged.results_text().size() + merged.timings_text().size() > 0, "a text");
  });
  accepts([&] {
    const program::Json header{
        {"regard_comparison", 1}, {"inputs", 2}, {"methods", {"random"}}, {"columns", {"aopc"}}};
    program::ResultsFile file(one, header, {0, 1});
    require(file.lines().size() <= 2, "no more lines than inputs");
    file.append(R"({"input":9})", R"({"input":9})");
    require(program::read_results(one).lines.size() == file.lines().size() + 1, "a line more");
  });
}

} // namespace regard_fuzz
