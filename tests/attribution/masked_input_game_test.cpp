// SPDX-License-Identifier: MIT
// The masked-input game: against transformers' logits, in any batch, and its bad inputs.
#include "support/bert_golden.hpp"

#include <regard/all.hpp>
#include <regard/testing/laws.hpp>

#include <cmath>

using namespace regard;
using namespace regard_test;

namespace {

template <class Scalar>
const TextClassifier<Scalar>& bundled_model() {
  static const auto model =
      load_text_classifier<Scalar>(std::filesystem::path(REGARD_TEST_MODELS) / "bert-tiny-sst2");
  return model;
}

const Masking maskings[] = {Masking::mask, Masking::drop, Masking::remove};

} // namespace

TEMPLATE_TEST_CASE("values are those of transformers with masked, unattended and deleted tokens", "[masked]",
                   float, double) {
  const auto& model = bundled_model<TestType>();
  const auto cases = read_json(std::filesystem::path(REGARD_TEST_DATA) / "masked" / "masked.json")["cases"];
  REQUIRE(cases.size() >= 16);
  for (const auto& example : cases) {
    const Encoding encoding = model.encode({example["text"].template get<std::string>()});
    const auto players = find_players(encoding, PlayerUnit::tokens);
    const auto members = example["coalition"].template get<std::vector<Index>>();
    const MutableCoalition coalition(players.size(), members);
    for (const Masking masking : maskings) {
      INFO(example["text"] << " " << to_string(coalition) << " " << to_string(masking));
      const auto logits = example[std::string(to_string(masking))].template get<std::vector<double>>();
      for (const Index target : std::initializer_list<Index>{0, 1}) {
        const auto value = [&](ValueFunction function) {
          return std::vector{
              MaskedInputGame(model, encoding, players, target, {masking, function}).value(coalition)};
        };
        const double odds = logits[target] - logits[1 - target];
        CHECK(relative_error(value(ValueFunction::logit), std::vector{logits[target]}) <
              Tolerance<TestType>::parity);
        CHECK(relative_error(value(ValueFunction::log_odds), std::vector{odds}) <
              Tolerance<TestType>::parity);
        CHECK(relative_error(value(ValueFunction::probability), std::vector{1 / (1 + std::exp(-odds))}) <
              Tolerance<TestType>::parity);
      }
    }
  }
}

TEMPLATE_TEST_CASE("a coalition has the same bits in any batch and on any number of threads", "[masked]",
                   float, double) {
  const auto& model = bundled_model<TestType>();
  const Encoding encoding = model.encode({"it is not bad at all"});
  const auto players = find_players(encoding, PlayerUnit::tokens);
  const Threads threads(2);
  for (const Masking masking : maskings) {
    const auto solve = [&](Index batch_rows, const Executor& executor) {
      return enumerate(MaskedInputGame(model, encoding, players, 1,
                                       {masking, ValueFunction::probability, batch_rows}, executor))
          .values;
    };
    const auto alone = solve(1, Serial{});
    CHECK(alone == solve(256, Serial{}));
    CHECK(alone == solve(77, threads));
  }
}

TEST_CASE("the full coalition is the input, and the values add up", "[masked]") {
  const auto& model = bundled_model<double>();
  const Encoding encoding = model.encode({"An unbelievably charming comedy."});
  const auto trace = model.record(encoding);
  for (const PlayerUnit unit : {PlayerUnit::tokens, PlayerUnit::words})
    for (const Masking masking : maskings) {
      const auto players = find_players(encoding, unit);
      const MaskedInputGame game(model, encoding, players, 1, {masking, ValueFunction::logit});
      CHECK(game.value(MutableCoalition::full(players.size())) == trace.logits(1));
      CHECK(testing::check_game(game).empty());
      const ShapleyResult result = shapley(game);
      CHECK(result.solver == "exact");
      CHECK(std::abs(result.completeness_gap) < Tolerance<double>::closed_form * std::abs(result.value_full));
    }
}

TEST_CASE("tokens of no player stay visible", "[masked]") {
  const auto& model = bundled_model<double>();
  const Encoding encoding = model.encode({"good film"});
  const MaskedInputGame nobody(model, encoding, {}, 1, {Masking::remove, ValueFunction::logit});
  CHECK(nobody.value(MutableCoalition(0)) == model.record(encoding).logits(1));
  CHECK(shapley(nobody).values.empty());
}

TEST_CASE("a masked-input game that makes no sense is refused", "[masked]") {
  const auto& model = bundled_model<double>();
  const Encoding encoding = model.encode({"good film"});
  using Game = MaskedInputGame<TextClassifier<double>>;
  CHECK_THROWS_WITH(Game(model, encoding, {{1}, {4}}, 1), "players: found token 4, expected less than 4");
  CHECK_THROWS_WITH(Game(model, encoding, {{1}, {2, 1}}, 1),
                    "players: found token 1 twice, expected each once");
  CHECK_THROWS_WITH(Game(model, encoding, {{1}}, 2), "target: found 2, expected a class from 0 to 1");
  const TextClassifier<double> score(
      WordPieceTokenizer({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "red"}),
      load_bert<double>(bert_golden / "five-heads-regression"), {"score"}, ProblemType::regression);
  CHECK_THROWS_WITH(Game(score, score.encode({"red"}), {{1}}, 0),
                    "value: found probability, but a regression model has no probability; expected logit");
}
