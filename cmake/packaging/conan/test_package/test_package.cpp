// SPDX-License-Identifier: MIT
#include <regard/shapley.hpp>

#include <iostream>

int main() {
  const double attention[] = {.5, .3, .2, .1, .6, .3, .2, .2, .6};
  const auto game =
      regard::mutual_game(regard::TensorView<const double, 2>(attention, regard::Shape<2>{3, 3}));
  for (const double value : regard::shapley(game).values)
    std::cout << value << '\n';
}
