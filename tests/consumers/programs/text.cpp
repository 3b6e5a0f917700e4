// SPDX-License-Identifier: MIT
// Explains a sentence with the model whose folder is the first argument, and writes the JSON itself.
#include <regard/text.hpp>

#include <iostream>

int main(int, char** argv) {
  const auto model = regard::load_text_classifier<float>(argv[1]);
  const auto why = regard::explain(model, "a gripping , funny film", regard::grad_attention_mutual{});
  std::cout << R"({"prediction":{"label":")" << why.prediction.name << R"("},"tokens":)" << why.tokens.size()
            << "}\n";
}
