// SPDX-License-Identifier: MIT
// Shapley values of attention that comes from elsewhere: no transformer, no checkpoint, Eigen alone.
//
// The tensors have shape [layers, heads, tokens, tokens] and stay the caller's. Here they hold 1 layer of 1
// head over [CLS] good film [SEP]; the players are the two words in the middle.
#include <regard/shapley.hpp>

#include <iostream>

int main() {
  const double attention[] = {.1, .6, .2, .1, .2, .3, .4, .1, .1, .5, .3, .1, .25, .25, .25, .25};
  const double gradient[] = {0, 2, 1, 0, 0, 1, 3, 0, 0, 2, -1, 0, 0, 0, 0, 0};
  const regard::Shape<4> shape{1, 1, 4, 4};
  const regard::Index players[] = {1, 2};

  const auto mean = regard::aggregate(regard::TensorView<const double, 4>(attention, shape),
                                      regard::TensorView<const double, 4>(gradient, shape), players);
  for (const auto& [name, values] :
       {std::pair{"class     ", regard::shapley(regard::cls_game(mean)).values},
        std::pair{"mutual    ", regard::shapley(regard::mutual_game(mean)).values},
        std::pair{"max-mutual", regard::shapley(regard::max_mutual_game(mean)).values}})
    std::cout << name << "  good " << values[0] << "  film " << values[1] << '\n';

  // A game of one's own: anything with players() and value(coalition).
  struct Majority {
    regard::Index players() const { return 5; }
    double value(regard::Coalition s) const { return s.size() >= 3 ? 1 : 0; }
  };
  std::cout << "majority    each " << regard::shapley(Majority{}).values[0] << '\n';
}
