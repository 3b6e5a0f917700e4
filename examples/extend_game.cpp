// SPDX-License-Identifier: MIT
// A game of one's own: states vote in a council, a motion passes with a quota of the votes. Who has the
// power?
#include <regard/shapley.hpp>
#include <regard/testing/laws.hpp>

#include <iostream>

/// A coalition is worth 1 when its votes reach the quota (Shapley and Shubik 1954).
struct Council {
  std::vector<double> votes;
  double quota;

  regard::Index players() const { return votes.size(); }

  double value(const regard::Coalition& coalition) const {
    double sum = 0;
    for (const regard::Index state : coalition)
      sum += votes[state];
    return sum >= quota ? 1 : 0;
  }
};

int main() {
  const Council council{{4, 4, 4, 2, 2, 1}, 12}; // the European Economic Community of 1958

  // A bug in a game shows here, not as a strange value later: the list of broken laws is empty.
  for (const std::string& violation : regard::testing::check_game(council))
    std::cerr << violation << '\n';

  const auto power = regard::shapley(council);
  for (regard::Index state = 0; state < council.players(); ++state)
    std::cout << council.votes[state] << " votes: " << std::lround(60 * power.values[state]) << " / 60\n";

  // The same game with 40 members: too many to enumerate, so it is sampled, and says how well it knows.
  const Council large{std::vector<double>(40, 1.0), 21};
  const auto sampled = regard::shapley(large, {.solver = regard::Solver::kernel, .budget = 2000});
  std::cout << "40 members: " << (sampled.standard_errors ? "with" : "without") << " standard errors\n";
}
