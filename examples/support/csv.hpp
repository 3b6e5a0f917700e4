// SPDX-License-Identifier: MIT
// A CSV file of numbers: rows of equal length, commas between numbers, no header.
#pragma once

#include <regard/checkpoint/detail/problems.hpp>
#include <regard/core/error.hpp>
#include <regard/tensor.hpp>

#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace program {

/// Reads all of it, [rows, columns]. Empty lines are skipped.
/// Throws IoError, or MalformedFile naming line and column of what is no finite number, or a row of another
/// length.
inline regard::Tensor<double, 2> read_csv(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path))
    throw regard::IoError(path.string() + ": cannot open, expected a CSV file of numbers");
  std::vector<double> numbers;
  std::size_t rows = 0, columns = 0, line_number = 0;
  for (std::string line; std::getline(file, line);) {
    ++line_number;
    std::string_view rest = line;
    while (!rest.empty() && (rest.back() == '\r' || rest.back() == ' ' || rest.back() == '\t'))
      rest.remove_suffix(1);
    if (rest.empty())
      continue;
    std::size_t in_row = 0;
    for (bool more = true; more;) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      std::string_view cell = rest.substr(0, comma);
      more = comma < rest.size();
      rest.remove_prefix(more ? comma + 1 : comma);
      while (!cell.empty() && (cell.front() == ' ' || cell.front() == '\t'))
        cell.remove_prefix(1);
      while (!cell.empty() && (cell.back() == ' ' || cell.back() == '\t'))
        cell.remove_suffix(1);
      ++in_row;
      double number = 0;
      const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), number);
      if (cell.empty() || error != std::errc() || end != cell.data() + cell.size() || !std::isfinite(number))
        throw regard::MalformedFile(path.string(), "line " + std::to_string(line_number) + ", column " +
                                                       std::to_string(in_row) + ": found '" +
                                                       regard::detail::one_line(cell.substr(0, 40)) +
                                                       "', expected a finite number");
      numbers.push_back(number);
    }
    if (rows++ == 0)
      columns = in_row;
    else if (in_row != columns)
      throw regard::MalformedFile(path.string(), "line " + std::to_string(line_number) + ": found " +
                                                     std::to_string(in_row) + " numbers, expected " +
                                                     std::to_string(columns) + " as in the first row");
  }
  if (file.bad())
    throw regard::IoError(path.string() + ": cannot read");
  regard::Tensor<double, 2> matrix({rows, columns});
  std::copy(numbers.begin(), numbers.end(), matrix.begin());
  return matrix;
}

} // namespace program
