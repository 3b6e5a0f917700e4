// SPDX-License-Identifier: MIT
// An attribution method of one's own: the length of the gradient of the logit by a token's embedding.
#include <regard/testing/attribution_laws.hpp>
#include <regard/text.hpp>

#include <iostream>

regard::Explanation gradient_length(const regard::TextClassifier<float>& model,
                                    const regard::TextInput& text) {
  // What does not depend on the method: tokens, players, prediction. Its values are replaced.
  regard::Explanation why = regard::explain(model, text, regard::random_scores{});
  why.method = "gradient-length";
  why.value_kind = "attention-score"; // shares of an amount, not of the output
  why.value_empty = why.value_full = why.completeness_gap = 0;

  regard::Tensor<float, 1> seed({why.labels.size()});
  seed(why.target.index) = 1;
  const auto pass = model.record_gradients(model.encode(text), seed);
  for (regard::Index player = 0; player < why.players.size(); ++player) {
    double squares = 0;
    for (const regard::Index token : why.players[player])
      for (const float slope : pass.gradients.hidden[0][token]) // 0: the embedded tokens
        squares += slope * slope;
    why.values[player] = std::sqrt(squares);
    why.value_full += why.values[player];
  }
  return why;
}

int main() {
  const auto model = regard::load_text_classifier<float>("examples/models/bert-tiny-sst2");
  const std::vector<regard::TextInput> inputs{"a gripping , funny film", "dull", ""};
  const auto method = [&](const regard::TextInput& text) { return gradient_length(model, text); };
  for (const std::string& violation : regard::testing::check_attribution(method, inputs))
    std::cout << violation << '\n';
  const auto why = method(inputs[0]);
  for (regard::Index i = 0; i < why.players.size(); ++i)
    std::cout << why.tokens[why.players[i][0]].text << ' ' << std::round(100 * why.values[i] / why.value_full)
              << "%\n";
}
