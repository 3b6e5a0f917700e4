// SPDX-License-Identifier: MIT
// Body of tcav/cav_files.hpp.
#pragma once

#include <regard/checkpoint/config.hpp>
#include <regard/checkpoint/detail/problems.hpp>
#include <regard/checkpoint/safetensors.hpp>
#include <regard/checkpoint/weights.hpp>
#include <regard/checkpoint/write_safetensors.hpp>
#include <regard/tcav/cav_files.hpp>

#include <nlohmann/json.hpp>

#include <array>
#include <map>

namespace regard::inline REGARD_ABI {

namespace detail {

REGARD_LAZY
std::string hex(std::uint64_t number) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(16, '0');
  for (Index i = 0; i < 16; ++i)
    text[i] = digits[number >> (60 - 4 * i) & 15];
  return text;
}

/// cavs.json, and the errors that say what is wrong with it.
REGARD_LAZY
class CavReader {
 public:
  CavReader(const std::filesystem::path& folder, std::uint64_t model)
      : file_(ConfigFile::open(folder / "cavs.json")) {
    constexpr std::array<std::string_view, 1> formats{"regard-cavs-1"};
    file_.choice("format", formats);
    if (const auto found = file_.string("model_hash"); found != hex(model))
      throw InvalidArgument(file_.file() + ": model_hash: found " + one_line(found) + ", expected " +
                            hex(model) + ": the CAVs belong to another model");
  }

  const ConfigFile& file() const { return file_; }
  const nlohmann::json& json() const { return file_.json(); }

  template <class Value>
  Value get(const nlohmann::json& object, const char* key) const {
    try {
      return object.at(key).get<Value>();
    } catch (const nlohmann::json::exception&) {
      fail(key, "nothing of the right kind");
    }
  }

  std::uint64_t unsigned_number(const nlohmann::json& object, const char* key) const {
    std::uint64_t number = 0;
    if (!object.is_object() || !object.contains(key) || !get_unsigned(object[key], number))
      fail(key, "no whole number from 0 to 2^64 - 1");
    return number;
  }

  /// A whole number of moderate size.
  Index index(const nlohmann::json& object, const char* key) const {
    if (!object.is_object() || !object.contains(key) || !object[key].is_number_unsigned() ||
        object[key].get<std::uint64_t>() > 1000000000)
      fail(key, "no whole number up to 10^9");
    return object[key].get<Index>();
  }

  [[noreturn]] void fail(const std::string& key, const std::string& found) const {
    throw MalformedFile(file_.file(), key + ": found " + one_line(found));
  }

  /// The tensor of a name, checked: [.., width] of finite numbers, rows of length 1 or 0.
  template <std::size_t Rank>
  Tensor<double, Rank> vectors(const SafeTensors& file, const std::string& name) const {
    const TensorInfo* const info = file.find(name);
    if (info == nullptr)
      throw MalformedFile(file.file(), one_line(name) + ": found no such tensor");
    if (info->dtype != DataType::f64 || info->shape.size() != Rank)
      throw MalformedFile(file.file(), one_line(name) + ": found " + std::string(to_string(info->dtype)) +
                                           " of rank " + std::to_string(info->shape.size()) +
                                           ", expected F64 of rank " + std::to_string(Rank));
    Shape<Rank> shape;
    std::copy(info->shape.begin(), info->shape.end(), shape.begin());
    Tensor<double, Rank> tensor(shape);
    convert<double>(info->dtype, info->bytes, tensor.flat());
    const Index width = shape[Rank - 1];
    for (Index row = 0; width > 0 && row < tensor.size() / width; ++row) {
      double squares = 0;
      for (const double x : tensor.flat().subspan(row * width, width))
        squares += x * x;
      if (!(squares == 0 || std::abs(squares - 1) < 1e-6))
        throw MalformedFile(file.file(),
                            one_line(name) + ": row " + std::to_string(row) + " is no unit vector");
    }
    if (tensor.size() == 0)
      throw MalformedFile(file.file(), one_line(name) + ": found no vectors");
    return tensor;
  }

 private:
  ConfigFile file_;
};

REGARD_LAZY
std::string cav_name(const CavSet& set) {
  return set.concept_name + "/" + std::to_string(set.layer);
}

/// Of all numbers in the tensor files: tells a cavs.json beside files of another save.
REGARD_LAZY
std::string hash_of_vectors(const Cavs& cavs) {
  Fingerprint hash;
  const auto add = [&hash](const auto& vectors) {
    hash.add(vectors.size());
    for (const double value : vectors.flat())
      hash.add(value);
  };
  for (const CavSet& set : cavs.sets) {
    add(set.vectors);
    if (set.random)
      add(set.random->vectors);
  }
  return hex(hash.value());
}

} // namespace detail

template <class Lazy>
void save_cavs(const std::filesystem::path& folder, const Cavs& cavs, std::uint64_t model) {
  if (cavs.sets.empty() || cavs.stopped)
    throw InvalidArgument("found CAVs that are missing or were stopped, expected all of them");
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    throw IoError(folder.string() + ": cannot create the folder: " + error.message());
  using Json = detail::Deferred<Lazy, nlohmann::ordered_json>;
  Json json{{"format", "regard-cavs-1"},
            {"version", version},
            {"model_hash", detail::hex(model)},
            {"vectors_hash", detail::hash_of_vectors(cavs)},
            {"seed", cavs.seed},
            {"cav", to_string(cavs.probe)},
            {"negatives", to_string(cavs.negatives)}};
  json["sets"] = Json::array();
  json["cavs"] = Json::array();
  std::vector<NamedTensor> tensors, random;
  std::map<const RandomCavs*, std::string> random_names; // sets may share theirs
  for (const CavSet& set : cavs.sets) {
    const std::string name = detail::cav_name(set);
    tensors.push_back({name, {set.vectors.extent(0), set.vectors.extent(1)}, set.vectors.flat()});
    Json entry{{"concept", set.concept_name},
               {"layer", set.layer},
               {"negatives_exhausted", set.negatives_exhausted},
               {"no_direction", set.no_direction},
               {"not_converged", set.not_converged},
               {"chance", set.chance},
               {"random_status", to_string(set.random_status)}};
    if (set.random) {
      const auto [found, is_new] = random_names.try_emplace(set.random.get(), name);
      if (is_new) {
        const auto& vectors = set.random->vectors;
        random.push_back({name, {vectors.extent(0), vectors.extent(1), vectors.extent(2)}, vectors.flat()});
      }
      entry["random"] = {{"tensor", found->second}, {"overlap", set.random->overlap}};
    }
    json["sets"].push_back(std::move(entry));
    for (Index r = 0; r < set.vectors.extent(0); ++r) {
      Json record{{"concept", set.concept_name}, {"layer", set.layer}, {"resample", r}, {"seed", cavs.seed}};
      record["accuracy"] = nullptr;
      if (r < set.accuracies.size())
        record["accuracy"] = set.accuracies[r];
      json["cavs"].push_back(std::move(record));
    }
  }
  std::string text;
  try {
    text = json.dump(1) + "\n";
  } catch (const nlohmann::json::exception&) {
    throw InvalidArgument("a concept's name is not valid UTF-8");
  }
  const std::string bytes = safetensors_bytes(std::move(tensors));
  std::string random_bytes;
  std::vector<FileContent> files{{folder / "cavs.safetensors", bytes}};
  const bool has_random = !random.empty();
  if (has_random) {
    random_bytes = safetensors_bytes(std::move(random));
    files.push_back({folder / "random.safetensors", random_bytes});
  }
  files.push_back({folder / "cavs.json", text});
  write_files(files);
  if (!has_random)
    std::filesystem::remove(folder / "random.safetensors", error); // of an earlier save
}

template <class Lazy>
Cavs load_cavs(const std::filesystem::path& folder, std::uint64_t model) {
  const detail::CavReader<> reader(folder, model);
  const auto& json = reader.json();
  Cavs cavs;
  cavs.seed = reader.unsigned_number(json, "seed");
  const auto probe = find_probe(reader.get<std::string>(json, "cav"));
  const auto negatives = reader.get<std::string>(json, "negatives");
  if (!probe)
    reader.fail("cav", "an unknown probe");
  if (negatives != to_string(Negatives::relative) && negatives != to_string(Negatives::random))
    reader.fail("negatives", "an unknown kind");
  cavs.probe = *probe;
  cavs.negatives = negatives == to_string(Negatives::random) ? Negatives::random : Negatives::relative;
  const auto file = SafeTensors::open(folder / "cavs.safetensors", Mapping::copy);
  std::optional<SafeTensors> random_file;
  std::map<std::string, std::shared_ptr<const RandomCavs>> random;
  std::map<std::string, Index> by_name;
  const auto entries = reader.get<std::vector<nlohmann::json>>(json, "sets");
  if (entries.empty())
    reader.fail("sets", "none");
  for (const nlohmann::json& entry : entries) {
    CavSet set;
    set.concept_name = reader.get<std::string>(entry, "concept");
    set.layer = reader.index(entry, "layer");
    set.negatives_exhausted = reader.get<bool>(entry, "negatives_exhausted");
    set.no_direction = reader.get<bool>(entry, "no_direction");
    set.not_converged = reader.get<bool>(entry, "not_converged");
    set.chance = reader.get<bool>(entry, "chance");
    const auto status = reader.get<std::string>(entry, "random_status");
    constexpr std::array statuses{TestStatus::tested, TestStatus::no_random, TestStatus::few_random};
    const auto known = std::find_if(statuses.begin(), statuses.end(),
                                    [&](TestStatus one) { return status == to_string(one); });
    if (known == statuses.end())
      reader.fail("random_status", "\"" + status + "\", which is unknown");
    set.random_status = *known;
    const std::string name = detail::cav_name(set);
    if (!by_name.try_emplace(name, cavs.sets.size()).second)
      reader.fail("sets", "\"" + name + "\" twice");
    set.vectors = reader.vectors<2>(file, name);
    if (entry.contains("random")) {
      const auto tensor = reader.get<std::string>(entry["random"], "tensor");
      const auto overlap = reader.get<double>(entry["random"], "overlap");
      if (!(overlap >= 0 && overlap < 1))
        reader.fail("overlap", "a number outside of [0, 1)");
      if (!random_file)
        random_file = SafeTensors::open(folder / "random.safetensors", Mapping::copy);
      std::shared_ptr<const RandomCavs>& shared = random[tensor];
      if (!shared)
        shared = std::make_shared<RandomCavs>(RandomCavs{reader.vectors<3>(*random_file, tensor), overlap});
      if (shared->vectors.extent(2) != set.vectors.extent(1))
        reader.fail("random", "vectors of another width");
      set.random = shared;
    }
    cavs.sets.push_back(std::move(set));
  }
  const Index width = cavs.sets.front().vectors.extent(1);
  for (const CavSet& set : cavs.sets)
    if (set.vectors.extent(1) != width)
      reader.fail("sets", "vectors of different widths");
  for (const nlohmann::json& record : reader.get<std::vector<nlohmann::json>>(json, "cavs")) {
    const auto name =
        reader.get<std::string>(record, "concept") + "/" + std::to_string(reader.index(record, "layer"));
    const auto found = by_name.find(name);
    if (found == by_name.end())
      reader.fail("cavs", "a record of \"" + name + "\", which is no set");
    CavSet& set = cavs.sets[found->second];
    if (reader.index(record, "resample") >= set.vectors.extent(0))
      reader.fail("resample", "one that \"" + name + "\" does not have");
    if (record.contains("accuracy") && record["accuracy"].is_number()) {
      set.accuracies.resize(set.vectors.extent(0));
      const auto accuracy = record["accuracy"].get<double>();
      if (!(accuracy >= 0 && accuracy <= 1))
        reader.fail("accuracy", "a number outside of [0, 1]");
      set.accuracies[reader.index(record, "resample")] = accuracy;
    }
  }
  // Files that another program made may do without.
  if (const std::string expected = detail::hash_of_vectors(cavs);
      json.contains("vectors_hash") && json["vectors_hash"] != expected)
    reader.fail(
        "vectors_hash",
        (json["vectors_hash"].is_string() ? json["vectors_hash"].template get<std::string>() : "no string") +
            ", expected " + expected + ": the vectors beside it are those of another save");
  return cavs;
}

} // namespace regard::inline REGARD_ABI
