// SPDX-License-Identifier: MIT
// A class with players and no value is no game.
// expect: a game needs a member `double value(Coalition) const`, the value of a coalition
#include <regard/shapley/solver.hpp>

struct Nameless {
  regard::Index players() const { return 2; }
#if defined(RIGHT)
  double value(regard::Coalition coalition) const {
    return coalition.contains(0) ? 1 : 0;
  }
#endif
};

void use() {
  static_cast<void>(regard::shapley(Nameless{}));
}
