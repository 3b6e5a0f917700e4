// SPDX-License-Identifier: MIT
// The games of the studies, by name:
//
//     unanimity-N-K   N players, the K-th random sum of unanimity games of order 3 to 6; values known
//     text-N-K        the masked-input game of the bundled text model: the first N tokens of review K are the
//                     players, and a coalition is worth the probability of the predicted class with only its
//                     tokens seen and the others masked
#pragma once

#include "shapley/games.hpp"

#include <regard/all.hpp>
#include <regard/testing/laws.hpp>

#include <array>
#include <memory>

namespace regard_test {

using regard::Coalition;
using regard::Index;

/// Reviews that the bundled model finds good, bad, and hard to tell. Its positions allow for 126 tokens.
inline constexpr std::array<const char*, 3> reviews{
    "a gripping and often very funny film that never loses sight of the people at its heart . the story is "
    "simple , two brothers meet again after years of silence , but the director tells it with great warmth "
    "and a sharp eye for small things . the acting is superb , the music is quiet and fine , and the last "
    "scene is one of the best of the year . there are a few slow moments in the middle , and one or two of "
    "the jokes fall flat , yet i left the theater happy and moved , and i would gladly see it again . it is "
    "not a perfect film but it is an honest and a beautiful one",
    "the plot is thin and the jokes are old , and not even a good cast can save this long and tired film . "
    "nothing in it feels real : the characters talk like people in a bad commercial , the music never stops "
    "to let us think , and every surprise can be seen from far away . i liked the first ten minutes , when "
    "it still looks as if it had something to say about work and money , but then it turns into a loud and "
    "empty chase that goes on for an hour . the ending is a mess . there is some fine camera work here , "
    "but it is lost on a story that has no heart and no point",
    "it is hard to say whether this strange little film is a failure or a success , and perhaps it is both . "
    "the first half is dull , with too much talk and too little life , and the young lead is not always up "
    "to her part . then , out of nowhere , comes a scene in a kitchen that is so funny and so sad that all "
    "is forgiven . some will hate the way it ends , others will love it . the images are beautiful , the "
    "script is a mess , the music is odd but it works . i would not call it a good film , but i could not "
    "look away"};

/// The game that a name stands for; it owns what it plays on.
class StudyGame {
 public:
  explicit StudyGame(const std::string& name) {
    const auto first = name.find('-'), second = name.find('-', first + 1);
    if (second == std::string::npos)
      throw regard::InvalidArgument("game: found '" + name + "', expected KIND-PLAYERS-NUMBER");
    const std::string kind = name.substr(0, first);
    players_ = std::stoul(name.substr(first + 1, second - first - 1));
    const Index number = std::stoul(name.substr(second + 1));
    if (kind == "unanimity") {
      regard::RandomStream random(players_, number);
      unanimity_ = random_unanimity(players_, random);
    } else if (kind == "text" && number < reviews.size()) {
      read(reviews[number]);
    } else {
      throw regard::InvalidArgument("game: found '" + name + "', expected unanimity-N-K or text-N-K");
    }
  }

  Index players() const { return players_; }

  double value(Coalition coalition) const {
    double value = 0;
    values({&coalition, 1}, {&value, 1});
    return value;
  }

  void values(std::span<const Coalition> coalitions, std::span<double> out) const {
    if (text_)
      text_->values(coalitions, out);
    else
      for (Index c = 0; c < coalitions.size(); ++c)
        out[c] = unanimity_.value(coalitions[c]);
  }

  /// Where there is no closed form: exact up to 16 players, else the mean over `orders` pairs of orders.
  std::vector<double> truth(Index orders) const {
    if (!text_)
      return unanimity_.known_values();
    if (players_ <= 16)
      return regard::enumerate(*this).values;
    return regard::permutation_sampling(
               *this, {.budget = 2 + 2 * (players_ - 1) * orders, .seed = ~std::uint64_t{0}})
        .values;
  }

 private:
  using Model = regard::TextClassifier<float>;

  void read(const std::string& review) {
    model_ =
        std::make_unique<Model>(regard::load_text_classifier<float>(REGARD_TEST_MODELS "/bert-tiny-sst2"));
    std::string text;
    std::vector<std::vector<Index>> tokens;
    for (std::size_t end = 0; tokens.size() < players_; ++end) { // word by word
      if (end >= review.size())
        throw regard::InvalidArgument("game: found " + std::to_string(players_) +
                                      " players, expected no more than the review has tokens");
      end = std::min(review.find(' ', end), review.size());
      text = review.substr(0, end);
      tokens = regard::find_players(model_->encode({text}), regard::PlayerUnit::tokens);
    }
    tokens.resize(players_);
    const auto encoding = model_->encode({text});
    const auto logits = model_->logits(std::span(&encoding, 1));
    const Index target = logits(0, 1) > logits(0, 0) ? 1 : 0;
    text_ = std::make_unique<regard::MaskedInputGame<Model>>(*model_, encoding, tokens, target);
  }

  Index players_ = 0;
  UnanimitySum unanimity_{};
  std::unique_ptr<Model> model_;
  std::unique_ptr<regard::MaskedInputGame<Model>> text_;
};

/// The game as a table of its 2^n values, for studies that play it thousands of times.
template <class G>
regard::testing::TableGame tabulate(const G& game) {
  std::vector<double> table(Index{1} << game.players());
  regard::MutableCoalition coalition(game.players());
  for (Index bits = 0; bits < table.size(); ++bits) {
    for (Index i = 0; i < game.players(); ++i)
      coalition.assign(i, ((bits >> i) & 1) != 0);
    table[bits] = game.value(coalition);
  }
  return regard::testing::TableGame(std::move(table));
}

} // namespace regard_test
