// SPDX-License-Identifier: MIT
// Shapley values of attention from elsewhere: must build where there is no nlohmann/json and no utf8proc.
#include <regard/regard.hpp>
#include <regard/shapley.hpp>

#include <iostream>

int main() {
  const double attention[] = {.5, .3, .2, .1, .6, .3, .2, .2, .6};
  const auto game =
      regard::mutual_game(regard::TensorView<const double, 2>(attention, regard::Shape<2>{3, 3}));
  const auto values = regard::shapley(game).values;
  regard::Explanation why;
  why.text = "a fine film";
  std::cout << R"({"prediction":null,"values":[)" << values[0] << ',' << values[1] << ',' << values[2]
            << "]}\n";
  return why.version == regard::version ? 0 : 1;
}
