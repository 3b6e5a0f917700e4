// SPDX-License-Identifier: MIT
// Parity with transformers and autograd: tests/golden/bert, whose values were computed in double.
#include "support/bert_golden.hpp"

using namespace regard;
using namespace regard_test;

namespace {

const std::vector<std::string> checkpoints = {"eight-heads-multi-label",
                                              "five-heads-regression",
                                              "four-layers-four-heads",
                                              "four-layers-one-head",
                                              "large-vocabulary",
                                              "no-prefix",
                                              "old-names",
                                              "one-layer-one-head",
                                              "stored-bf16",
                                              "stored-f16",
                                              "three-layers-three-heads",
                                              "two-layers-two-heads"};

} // namespace

TEMPLATE_TEST_CASE("logits, attention, hidden states and gradients equal those of transformers", "[bert]",
                   float, double) {
  for (const std::string& name : checkpoints) {
    INFO(name);
    const auto bert = load_bert<TestType>(bert_golden / name);
    const auto inputs = read_json(bert_golden / name / "inputs.json");
    const auto expected = SafeTensors::open(bert_golden / name / "expected.safetensors");
    for (Index i = 0; i < inputs["inputs"].size(); ++i) {
      INFO("input " << i);
      check_parity<TestType>(bert, inputs["inputs"][i], inputs["target"], expected, i);
    }
  }
}
