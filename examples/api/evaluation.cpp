// SPDX-License-Identifier: MIT
// Are these scores faithful? Metrics for any function of which players are visible.
#include <regard/evaluation/comparison.hpp>
#include <regard/evaluation/faithfulness.hpp>

#include <iostream>

int main() {
  // A model that looks at players 1 and 3 of ten.
  regard::MaskedPredictions predictions(10, 2, [](auto coalitions, regard::TensorView<double, 2> logits) {
    for (regard::Index i = 0; i < coalitions.size(); ++i)
      logits(i, 1) = 2.0 * coalitions[i].contains(1) + 2.0 * coalitions[i].contains(3) - 2;
  });
  const std::vector<double> right{0, 1, 0, 1, 0, 0, 0, 0, 0, 0}, wrong{1, 0, 1, 0, 0, 0, 0, 0, 0, 0};
  for (const auto& scores : {right, wrong}) {
    const auto result = regard::faithfulness(predictions, scores, 1);
    std::cout << "comprehensiveness " << std::round(100 * result.comprehensiveness) / 100 << ", sufficiency "
              << std::round(100 * result.sufficiency) / 100 << '\n';
  }
}
