// SPDX-License-Identifier: MIT
// A concept activation vector for rows from anywhere, and whether a score stands out among random concepts.
#include <regard/core/random.hpp>
#include <regard/tcav/probe.hpp>
#include <regard/tcav/significance.hpp>

#include <iostream>

int main() {
  regard::RandomStream random(1, 0);
  regard::Tensor<float, 2> striped({200, 8}), other({200, 8});
  for (regard::Index row = 0; row < 200; ++row)
    for (regard::Index i = 0; i < 8; ++i) {
      striped(row, i) = static_cast<float>(random.normal() + (i == 2 ? 3 : 0)); // the concept is direction 2
      other(row, i) = static_cast<float>(random.normal());
    }
  const auto cav = regard::fit_probe<float>(striped, other);
  std::cout << to_string(cav.status) << ", " << std::round(10 * cav.direction[2]) / 10
            << " of it along direction 2\n";

  std::vector<double> scores(30); // of random concepts
  for (double& score : scores)
    score = 0.5 + 0.1 * random.normal();
  for (const double score : {0.55, 0.95})
    std::cout << "score " << score << ": p "
              << (*regard::random_concept_test(score, scores, 0).p_value < 0.05 ? "below" : "above")
              << " 0.05\n";
}
