// SPDX-License-Identifier: MIT
// What the results files of compare_methods say of files that do not belong together.
#include "support/catch.hpp"

#include "../examples/support/results_file.hpp"

using program::contrast;
using program::first_words;
using program::header_difference;
using program::Json;

TEST_CASE("the difference of two headers names eight keys and counts the rest", "[results-file]") {
  Json found, expected;
  for (int key = 0; key < 8; ++key) {
    found["key" + std::to_string(key)] = 1;
    expected["key" + std::to_string(key)] = 2;
  }
  CHECK(header_difference(found, found).empty());
  const std::string eight = header_difference(found, expected);
  CHECK_THAT(eight, Catch::Matchers::StartsWith("key0: found 1, expected 2; key1: found 1"));
  CHECK_THAT(eight, Catch::Matchers::EndsWith("key7: found 1, expected 2"));
  found["other"] = "x";
  CHECK(header_difference(found, expected) == eight + "; and 1 more");
  CHECK(header_difference({{"shard", "0/2"}}, {{"shard", "1/2"}}).empty());
  CHECK(header_difference(Json::object(), {{"seed", 3}}) == "seed: found nothing, expected 3");
  CHECK(header_difference({{"seed", 3}}, Json::object()) == "seed: found 3, expected nothing");
}

TEST_CASE("two long values that differ late are shown where they do", "[results-file]") {
  Json one = Json::array(), other = Json::array();
  for (int i = 0; i < 40; ++i) {
    one.push_back("a-method-" + std::to_string(i));
    other.push_back(i == 37 ? Json("another") : one.back());
  }
  const std::string text = contrast(one, other);
  CHECK_THAT(text, Catch::Matchers::StartsWith("found ..") &&
                       Catch::Matchers::ContainsSubstring("a-method-37\",\"a-method-38\"") &&
                       Catch::Matchers::ContainsSubstring("another\",\"a-method-38\""));
  CHECK(contrast({"a"}, {"b"}, " but ") == "found [\"a\"] but [\"b\"]");
  CHECK(contrast("a", "b") == "found \"a\", expected \"b\"");
}

TEST_CASE("what controls a terminal is not shown, and no character is cut", "[results-file]") {
  CHECK(first_words("\xc2\x41") == "\xc2\x41");
  CHECK(first_words("a\nb\x1b[1m\x7f\xc2\x9b\x32J\xc2\xa0\xc3\x9f") == "a b [1m  2J\xc2\xa0\xc3\x9f");
  const std::string sharp = "\xc3\x9f"; // of two bytes
  std::string even, odd = "a";
  for (int i = 0; i < 60; ++i) {
    even += sharp;
    odd += sharp;
  }
  CHECK(first_words(even) == even.substr(0, 100) + "..");
  CHECK(first_words(odd) == odd.substr(0, 99) + "..");
  CHECK(first_words(odd.substr(0, 99)) == odd.substr(0, 99));
  CHECK(program::excerpt(odd, 2) == ".." + odd.substr(1, 100) + "..");
}
