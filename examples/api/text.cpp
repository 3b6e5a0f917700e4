// SPDX-License-Identifier: MIT
// From a text to the tokens that a model sees, each with its place in the text.
#include <regard/text/load.hpp>

#include <iostream>

int main() {
  const auto tokenizer = regard::load_wordpiece("examples/models/bert-tiny-sst2");
  const std::string text = "Unforgettable, naïve caf\xc3\xa9 scenes!";
  for (const regard::Token& token : tokenizer.encode(text).tokens)
    std::cout << tokenizer.piece(token.id)
              << (token.special ? "" : "  <- " + text.substr(token.begin, token.end - token.begin)) << '\n';
}
