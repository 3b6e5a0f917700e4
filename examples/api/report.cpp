// SPDX-License-Identifier: MIT
// An explanation is a plain struct: reports take one from anywhere.
#include <regard/report/json.hpp>
#include <regard/report/terminal.hpp>

#include <iostream>

int main() {
  regard::Explanation why;
  why.text = "fine film";
  why.labels = {"NEGATIVE", "POSITIVE"};
  why.logits = {-1, 1};
  why.probabilities = {0.1192, 0.8808};
  why.prediction = why.target = {1, "POSITIVE"};
  why.tokens = {{"fine", 1, 0, 4, 0, false}, {"film", 2, 5, 9, 0, false}};
  why.words = {{.text = "fine", .begin = 0, .end = 4, .value = 0.5},
               {.text = "film", .begin = 5, .end = 9, .value = -0.25}};
  why.players = {{0}, {1}};
  why.values = {0.5, -0.25};
  why.value_full = 0.25;
  why.value_kind = "shapley";
  why.method = "by hand";
  std::cout << regard::terminal(why) << regard::json(why).substr(0, 60) << "..\n";
}
