// SPDX-License-Identifier: MIT
// A sum whose rounding error does not grow with the number of terms, and numbers as text.
#pragma once

#include <regard/version.hpp>

#include <charconv>
#include <cmath>
#include <span>
#include <string>

namespace regard::inline REGARD_ABI {
namespace detail {

/// Adds numbers together with the rounding error of each addition (Knuth's two-sum).
class CompensatedSum {
 public:
  void add(double term) {
    const double total = total_ + term;
    const double added = total - total_;
    error_ += (total_ - (total - added)) + (term - added);
    total_ = total;
  }
  /// An infinite sum stays infinite: its error is none.
  double value() const { return std::isfinite(error_) ? total_ + error_ : total_; }

 private:
  double total_ = 0;
  double error_ = 0;
};

/// The sum of what terms(add) passes to add, also where sums on the way are too large for a double.
template <class Terms>
double total(const Terms& terms) {
  const auto scaled = [&](double scale) {
    CompensatedSum sum;
    terms([&](double term) { sum.add(term * scale); });
    return sum.value() / scale;
  };
  const double plain = scaled(1);
  return std::isfinite(plain) ? plain : scaled(0x1p-64);
}

/// value_full - value_empty - sum of values.
inline double completeness_gap(double value_full, double value_empty, std::span<const double> values) {
  return total([&](const auto& add) {
    add(value_full);
    add(-value_empty);
    for (const double value : values)
      add(-value);
  });
}

/// The shortest text that reads back as the same number.
inline std::string number_text(double number) {
  if (std::isnan(number))
    return "nan";
  char text[32];
  return std::string(text, std::to_chars(text, text + sizeof text, number).ptr);
}

} // namespace detail
} // namespace regard::inline REGARD_ABI
