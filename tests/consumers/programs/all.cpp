// SPDX-License-Identifier: MIT
// The same as explain.cpp with the umbrella of everything.
#include <regard/all.hpp>

#include <iostream>

int main(int, char** argv) {
  const auto model = regard::load_text_classifier<float>(argv[1]);
  std::cout << regard::json(regard::explain(model, "a gripping , funny film", regard::attention_mutual{}))
            << '\n';
}
