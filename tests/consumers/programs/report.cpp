// SPDX-License-Identifier: MIT
// Reports an explanation that was made by hand.
#include <regard/report.hpp>

#include <iostream>

int main() {
  regard::Explanation why;
  why.text = "film";
  why.prediction = why.target = {1, "POSITIVE"};
  why.tokens = {{"film", 7, 0, 4, 0, false}};
  why.players = {{0}};
  why.values = {0.5};
  why.value_full = 0.5;
  std::cout << regard::json(why) << '\n';
}
