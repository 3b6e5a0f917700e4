// SPDX-License-Identifier: MIT
// What the self-tests of text and image models share: the file, and the comparison.
#pragma once

#include <regard/models/self_test.hpp>
#include <regard/text/detail/json_object.hpp>
#include <regard/transformer/trace.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace regard::inline REGARD_ABI::detail {

using Sums = std::array<double, 3>;

/// The sums that self_test.hpp defines.
template <class Scalar>
Sums self_test_sums(std::span<const Scalar> numbers) {
  Sums sums{};
  std::uint32_t weight = 0;
  for (const Scalar number : numbers) {
    const auto x = static_cast<double>(number);
    sums[0] += x;
    sums[1] += std::abs(x);
    sums[2] += (static_cast<double>(weight) / 4294967296.0 - 0.5) * x;
    weight += 2654435761U;
  }
  return sums;
}

/// One sample of a self_test.json; what is wrong with it is noted in `problems`.
REGARD_LAZY
class SelfTestSample {
 public:
  SelfTestSample(const nlohmann::json& json, const std::string& path, Problems& problems)
      : object_(json, path, problems) {}

  const JsonObject<>& object() const { return object_; }

  /// An array of finite numbers.
  std::vector<double> numbers(const char* key) const {
    const nlohmann::json* const found = object_.find(key);
    std::vector<double> values;
    if (found && found->is_array())
      for (const nlohmann::json& value : *found)
        if (value.is_number())
          values.push_back(value.get<double>());
    if (!found || !found->is_array() || values.size() != found->size())
      object_.malformed(key, found, "a list of numbers");
    return values;
  }

  std::vector<Index> ids(const char* key) const {
    const nlohmann::json* const found = object_.find(key);
    std::vector<Index> values;
    if (found && found->is_array())
      for (const nlohmann::json& value : *found)
        if (std::uint64_t number = 0; get_unsigned(value, number))
          values.push_back(static_cast<Index>(number));
    if (!found || !found->is_array() || values.size() != found->size())
      object_.malformed(key, found, "a list of token ids");
    return values;
  }

  Sums sums(const char* key) const {
    const std::vector<double> values = numbers(key);
    if (values.size() == 3)
      return {values[0], values[1], values[2]};
    if (object_.problems().empty())
      object_.malformed(key, object_.find(key), "three sums");
    return {};
  }

  /// The sums of each layer.
  std::vector<Sums> layers() const {
    const nlohmann::json* const found = object_.find("layers");
    std::vector<Sums> values;
    if (found && found->is_array())
      for (const nlohmann::json& value : *found)
        if (value.is_array() && value.size() == 3 && value[0].is_number() && value[1].is_number() &&
            value[2].is_number())
          values.push_back({value[0].get<double>(), value[1].get<double>(), value[2].get<double>()});
    if (!found || !found->is_array() || values.size() != found->size())
      object_.malformed("layers", found, "a list of three sums for each layer");
    return values;
  }

 private:
  JsonObject<> object_;
};

/// Compares with what the file says, and keeps the first thing of each sample that differs.
REGARD_LAZY
class SelfTestComparison {
 public:
  SelfTestComparison(std::filesystem::path file, double tolerance) : file_(std::move(file)) {
    report_.tolerance = tolerance;
  }

  /// Reads the file and calls `compare(sample, name)` for each of its samples.
  template <class Compare>
  void for_each_sample(Compare compare) {
    const nlohmann::json json = read_json_object(file_);
    Problems problems;
    const JsonObject<> root(json, "", problems);
    if (const nlohmann::json* const format = root.find("format");
        !format || !same_json(*format, "regard self-test"))
      root.malformed("format", format, "\"regard self-test\"");
    if (const nlohmann::json* const version = root.find("version"); !version || !is_number(*version, 1))
      root.unsupported("version", version, "1");
    const nlohmann::json* const samples = root.find("samples");
    if (!samples || !samples->is_array() || samples->empty())
      root.malformed("samples", samples, "a list of samples");
    problems.throw_if_any(file_.string());
    for (const nlohmann::json& sample : *samples) {
      const std::string name = "samples[" + std::to_string(report_.samples) + "]";
      if (!sample.is_object()) {
        problems.malformed(name + ": found " + found_text(sample) + ", expected an object");
        problems.throw_if_any(file_.string());
      }
      differs_ = false;
      name_ = name;
      try {
        compare(SelfTestSample<>(sample, name, problems));
      } catch (const InvalidArgument& error) { // the model does not take such an input
        throw MalformedFile(file_.string(), name + ": " + error.what());
      }
      problems.throw_if_any(file_.string());
      ++report_.samples;
    }
  }

  /// Whether nothing of the present sample differs up to now.
  bool agrees() const { return !differs_; }

  void differ(const std::string& what) {
    if (!differs_)
      failures_.push_back(name_ + ": " + what);
    differs_ = true;
  }

  void compare_sums(const std::string& what, const Sums& found, const Sums& expected) {
    bool far = false;
    for (std::size_t i = 0; i < found.size(); ++i)
      far |= note(distance(found[i], expected[i], expected[1]));
    if (far)
      differ(what + ": found sums " + text(found) + ", expected " + text(expected) + " within " +
             text(report_.tolerance) + " of the second");
  }

  /// Embedded tokens, blocks and logits, in this order.
  template <class Scalar>
  void compare_trace(const SelfTestSample<>& sample, const Trace<Scalar>& trace) {
    const std::vector<Sums> layers = sample.layers();
    const std::vector<double> logits = sample.numbers("logits");
    if (!sample.object().problems().empty())
      return;
    if (layers.size() != trace.hidden.extent(0))
      sample.object().malformed("layers", sample.object().find("layers"),
                                "an array of " + std::to_string(trace.hidden.extent(0)) +
                                    ", for the embeddings and each block of the model");
    if (logits.size() != trace.logits.size())
      sample.object().malformed("logits", sample.object().find("logits"),
                                "an array of " + std::to_string(trace.logits.size()) +
                                    ", for each class of the model");
    if (!sample.object().problems().empty())
      return;
    for (Index layer = 0; layer < layers.size() && agrees(); ++layer)
      compare_sums(layer == 0 ? "the embeddings differ"
                              : "block " + std::to_string(layer) + " of " +
                                    std::to_string(layers.size() - 1) + " differs",
                   self_test_sums<Scalar>(trace.hidden[layer].flat()), layers[layer]);
    double scale = 1;
    for (const double logit : logits)
      scale = std::max(scale, std::abs(logit));
    for (Index c = 0; c < logits.size() && agrees(); ++c)
      if (const auto found = static_cast<double>(trace.logits(c)); note(distance(found, logits[c], scale)))
        differ("the classifier differs: found logit " + text(found) + " of class " + std::to_string(c) +
               ", expected " + text(logits[c]) + " within " + text(report_.tolerance * scale));
  }

  /// @throws SelfTestFailed when something differed.
  SelfTestReport finish() const {
    if (!failures_.empty())
      throw SelfTestFailed(file_.string(), failures_);
    return report_;
  }

 private:
  static double distance(double found, double expected, double scale) {
    if (found == expected)
      return 0;
    return scale == 0 ? std::abs(found - expected) : std::abs(found - expected) / scale;
  }

  /// Whether that is too far; so is what is no number.
  bool note(double distance) {
    if (!(distance <= report_.tolerance))
      return true;
    report_.largest_difference = std::max(report_.largest_difference, distance);
    return false;
  }

  static std::string text(double number) {
    if (std::isnan(number)) // printf shows its sign
      return "nan";
    std::array<char, 32> digits{};
    std::snprintf(digits.data(), digits.size(), "%.9g", number);
    return digits.data();
  }
  static std::string text(const Sums& sums) {
    return "[" + text(sums[0]) + ", " + text(sums[1]) + ", " + text(sums[2]) + "]";
  }

  std::filesystem::path file_;
  SelfTestReport report_;
  std::vector<std::string> failures_;
  std::string name_;
  bool differs_ = false;
};

/// self_test.json of a folder, if it is to be used.
REGARD_LAZY
std::optional<std::filesystem::path> self_test_file(const std::filesystem::path& folder, SelfTest when) {
  std::filesystem::path file = folder / "self_test.json";
  if (when == SelfTest::skip || (when == SelfTest::if_present && !std::filesystem::exists(file)))
    return std::nullopt;
  return file;
}

} // namespace regard::inline REGARD_ABI::detail
