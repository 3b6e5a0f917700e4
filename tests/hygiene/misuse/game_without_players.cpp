// SPDX-License-Identifier: MIT
// A class with a value and no players is no game.
// expect: a game needs a member `Index players() const`, the number of its players
#include <regard/shapley/solver.hpp>

struct Empty {
#if defined(RIGHT)
  regard::Index players() const {
    return 2;
  }
#endif
  double value(regard::Coalition coalition) const {
    return coalition.contains(0) ? 1 : 0;
  }
};

void use() {
  static_cast<void>(regard::shapley(Empty{}));
}
