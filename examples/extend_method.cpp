// SPDX-License-Identifier: MIT
// An attribution method of one's own: the length of the gradient of the logit by a token's embedding.
#include <regard/testing/attribution_laws.hpp>
#include <regard/text.hpp>

#include <iostream>

regard::Explanation gradient_length(const regard::TextClassifier<float>& model, const regard::TextInput& text,
                                    const regard::Target& target = {}) {
  // What does not depend on the method: tokens, players, words, prediction.
  regard::Explanation why = regard::explain(model, text, regard::random_scores{}, {.target = target});
  why.method = "gradient-length";
  why.value_kind = "attention-score"; // shares of an amount over all tokens
  why.value_full = 0;

  regard::Tensor<float, 1> seed({why.labels.size()});
  seed(why.target.index) = 1;
  const auto pass = model.record_gradients(model.encode(text), seed);
  std::vector<double> lengths, scores;
  for (regard::Index token = 0; token < why.tokens.size(); ++token) {
    const auto slopes = pass.gradients.hidden[0][token]; // 0: the embedded tokens
    lengths.push_back(std::sqrt(std::inner_product(slopes.begin(), slopes.end(), slopes.begin(), 0.0)));
    why.value_full += lengths.back();
  }
  for (const auto& player : why.players) // here a token each; special tokens are no players
    scores.push_back(lengths[player.front()]);
  regard::assign_scores(why, std::move(scores));
  return why;
}

int main() {
  const auto model = regard::load_text_classifier<float>("examples/models/bert-tiny-sst2");
  const auto method = [&](const regard::TextInput& text, const regard::Target& target = {}) {
    return gradient_length(model, text, target);
  };
  for (const std::string& violation : regard::testing::check_attribution(method, {"a fine film", "dull", ""}))
    std::cerr << violation << '\n';
  std::cout << regard::terminal(method("an unfathomably dreary flick"));
}
