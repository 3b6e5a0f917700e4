// SPDX-License-Identifier: MIT
// Explains a sentence with the model whose folder is the first argument; prints one line of JSON.
#include <regard/report.hpp>
#include <regard/text.hpp>

#include <iostream>

int main(int, char** argv) {
  const auto model = regard::load_text_classifier<float>(argv[1]);
  std::cout << regard::json(regard::explain(model, "a gripping , funny film", regard::attention_mutual{}))
            << '\n';
}
