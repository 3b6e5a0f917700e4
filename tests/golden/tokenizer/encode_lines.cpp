// SPDX-License-Identifier: MIT
// Encodes texts with regard for compare.py, which builds and drives it.
//
// Standard input: the folder of the tokeniser and the maximum length (0: its own), a line each; then per
// input the number of texts (1 or 2) and for each text its size in bytes, a line break, its bytes. Standard
// output: per input one line of JSON, [ids, types, begins, ends, words, dropped].
#include <regard/text/load.hpp>

#include <chrono>
#include <iostream>
#include <limits>
#include <string>

namespace {

std::string read_text() {
  std::size_t size = 0;
  std::cin >> size;
  std::cin.ignore(1);
  std::string text(size, '\0');
  std::cin.read(text.data(), static_cast<std::streamsize>(size));
  return text;
}

template <class Get>
void print(const regard::Encoding& encoding, std::string& out, const Get& get) {
  out += '[';
  for (const regard::Token& token : encoding.tokens) {
    if (out.back() != '[')
      out += ',';
    out += get(token);
  }
  out += ']';
}

} // namespace

int main() {
  using regard::Token;
  std::ios::sync_with_stdio(false);
  std::string folder;
  std::getline(std::cin, folder);
  std::size_t max_length = 0;
  std::cin >> max_length;
  const regard::WordPieceTokenizer tokenizer = regard::load_wordpiece(folder);
  double seconds = 0;
  for (int texts = 0; std::cin >> texts;) {
    const std::string first = read_text(), second = texts == 2 ? read_text() : std::string();
    const auto start = std::chrono::steady_clock::now();
    const regard::Encoding encoding =
        texts == 2 ? tokenizer.encode(first, second, max_length) : tokenizer.encode(first, max_length);
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::string out = "[";
    print(encoding, out, [](const Token& token) { return std::to_string(token.id); });
    print(encoding, out += ',', [](const Token& token) { return std::to_string(token.type); });
    print(encoding, out += ',', [](const Token& token) { return std::to_string(token.begin); });
    print(encoding, out += ',', [](const Token& token) { return std::to_string(token.end); });
    print(encoding, out += ',', [](const Token& token) {
      return token.word == Token::no_word ? std::string("null") : std::to_string(token.word);
    });
    std::cout << out << ',' << encoding.dropped_tokens << "]\n";
  }
  std::cerr << "seconds in encode: " << seconds << '\n';
}
