// SPDX-License-Identifier: MIT
// Body of checkpoint/checkpoint.hpp.
#pragma once

#include <regard/checkpoint/checkpoint.hpp>
#include <regard/checkpoint/detail/json.hpp>
#include <regard/checkpoint/detail/problems.hpp>
#include <regard/checkpoint/detail/weights.hpp>
#include <regard/core/detail/escape.hpp>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <system_error>
#include <utility>

namespace regard::inline REGARD_ABI {

namespace detail {

/// `text` as one word of a POSIX shell.
REGARD_LAZY
std::string shell_word(const std::string& text) {
  std::string word = "'";
  for (const char c : text)
    word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

/// The class to convert with: another one than the checkpoint's own would drop its head or add a random one.
REGARD_LAZY
std::string architecture(const ConfigFile& config) {
  const auto& json = config.json();
  const auto names = json.find("architectures");
  if (names == json.end() || !names->is_array() || names->empty() || !names->front().is_string())
    return "AutoModelForSequenceClassification";
  auto name = names->front().get<std::string>();
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
  return plain && !name.empty() && name.size() < 100 ? name : "AutoModelForSequenceClassification";
}

REGARD_LAZY
std::string conversion_command(const std::filesystem::path& folder, const ConfigFile& config) {
  return "python3 -c \"import sys, transformers; d = sys.argv[1]; transformers." + architecture(config) +
         ".from_pretrained(d).save_pretrained(d, safe_serialization=True)\" " + shell_word(folder.string());
}

REGARD_LAZY
bool exists(const std::filesystem::path& path) {
  std::error_code error; // a file that cannot be looked at counts as absent
  return std::filesystem::exists(path, error);
}

/// A name that stays inside its folder on every system.
REGARD_LAZY
bool is_plain_file_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && escaped(name) == name &&
         name.find_first_of("/\\:") == std::string_view::npos;
}

/// The older name of a layer norm's parameter; empty when `name` is no layer norm's.
REGARD_LAZY
std::string older_name(std::string_view name) {
  constexpr std::string_view weight = "LayerNorm.weight", bias = "LayerNorm.bias";
  if (name.ends_with(weight))
    return std::string(name.substr(0, name.size() - weight.size())) + "LayerNorm.gamma";
  if (name.ends_with(bias))
    return std::string(name.substr(0, name.size() - bias.size())) + "LayerNorm.beta";
  return {};
}

/// A tensor and the file that holds it.
struct FoundTensor {
  const TensorInfo* tensor = nullptr;
  const SafeTensors* file = nullptr;
};

REGARD_LAZY
FoundTensor find_exactly(const std::vector<SafeTensors>& files, std::string_view name) {
  for (const SafeTensors& file : files)
    if (const TensorInfo* const tensor = file.find(name))
      return {tensor, &file};
  return {};
}

REGARD_LAZY
FoundTensor find_tensor(const std::vector<SafeTensors>& files, std::string_view name) {
  const FoundTensor found = find_exactly(files, name);
  const std::string older = older_name(name);
  return found.tensor != nullptr || older.empty() ? found : find_exactly(files, older);
}

/// The index's weight_map by shard; each shard's names are sorted.
REGARD_LAZY
std::map<std::string, std::set<std::string>> read_index(const std::string& file) {
  const MappedFile bytes(file, Mapping::copy);
  const nlohmann::json index = parse_json(bytes.bytes(), file);
  const auto map = index.is_object() ? index.find("weight_map") : index.end();
  if (map == index.end() || !map->is_object() || map->empty())
    throw MalformedFile(file, "weight_map: found " + (map == index.end() ? "nothing" : found_text(*map)) +
                                  ", expected an object of tensor names and the files that hold them");
  Problems problems;
  std::map<std::string, std::set<std::string>> shards;
  for (const auto& [name, shard] : map->items())
    if (shard.is_string() && is_plain_file_name(shard.template get_ref<const std::string&>()))
      shards[shard.template get<std::string>()].insert(name);
    else
      problems.malformed("weight_map: " + quote(name) + ": found " + found_text(shard) +
                         ", expected the plain name of a file in the same folder");
  problems.throw_if_any(file);
  return shards;
}

/// The layers N of all tensors named `stem`N.anything.
REGARD_LAZY
void collect_layers(const SafeTensors& file, const std::string& stem, std::set<Index>& layers) {
  const auto& tensors = file.tensors();
  auto at =
      std::lower_bound(tensors.begin(), tensors.end(), stem,
                       [](const TensorInfo& tensor, const std::string& key) { return tensor.name < key; });
  for (; at != tensors.end() && at->name.starts_with(stem); ++at) {
    const char* const begin = at->name.data() + stem.size();
    const char* const end = at->name.data() + at->name.size();
    Index layer = 0;
    const auto [stop, error] = std::from_chars(begin, end, layer);
    const bool leading_zero = stop - begin > 1 && *begin == '0';
    if (error == std::errc() && stop != end && *stop == '.' && !leading_zero)
      layers.insert(layer);
  }
}

} // namespace detail

template <class Lazy>
Checkpoint Checkpoint::open(const std::filesystem::path& folder, Mapping mapping) {
  std::error_code error;
  const auto type = std::filesystem::status(folder, error).type();
  if (type == std::filesystem::file_type::not_found)
    throw IoError(folder.string() + ": cannot be read: found nothing, expected a checkpoint folder");
  if (type != std::filesystem::file_type::directory)
    throw IoError(folder.string() + ": cannot be read: " +
                  (error ? error.message() : "found a file, expected a checkpoint folder"));
  Checkpoint checkpoint(folder, ConfigFile::open(folder / "config.json"));
  const auto single = folder / "model.safetensors";
  const auto index = folder / "model.safetensors.index.json";
  if (detail::exists(single)) {
    checkpoint.weights_file_ = single.string();
    checkpoint.files_.push_back(SafeTensors::open(single, mapping));
    return checkpoint;
  }
  if (detail::exists(index)) {
    checkpoint.open_shards(index, mapping);
    return checkpoint;
  }
  for (const char* const name : {"pytorch_model.bin", "pytorch_model.bin.index.json"})
    if (detail::exists(folder / name))
      throw UnsupportedFile((folder / name).string(),
                            "found pickled weights, expected model.safetensors; convert them with: " +
                                detail::conversion_command(folder, checkpoint.config_));
  throw IoError(folder.string() +
                ": found no weights, expected model.safetensors or model.safetensors.index.json");
}

template <class Lazy>
void Checkpoint::open_shards(const std::filesystem::path& index, Mapping mapping) {
  weights_file_ = index.string();
  const auto shards = detail::read_index(weights_file_);
  detail::Problems problems;
  std::map<std::string_view, const std::string*> holder; // of each tensor, to find one that two shards hold
  files_.reserve(shards.size());
  for (const auto& [shard, names] : shards) {
    const SafeTensors& file = files_.emplace_back(SafeTensors::open(folder_ / shard, mapping));
    for (const std::string& name : names)
      if (file.find(name) == nullptr)
        problems.malformed("weight_map: " + detail::quote(name) + ": found no such tensor in " +
                           detail::quote(shard) + ", expected one");
    for (const TensorInfo& tensor : file.tensors()) {
      const auto [first, is_first] = holder.emplace(tensor.name, &shard);
      if (!is_first)
        problems.malformed("tensor " + detail::quote(tensor.name) + ": found in " +
                           detail::quote(*first->second) + " and in " + detail::quote(shard) +
                           ", expected in one file");
      else if (!names.contains(tensor.name))
        problems.malformed("tensor " + detail::quote(tensor.name) + ": found in " + detail::quote(shard) +
                           ", expected in weight_map too");
    }
  }
  problems.throw_if_any(weights_file_);
}

template <class Lazy>
std::vector<std::string> Checkpoint::names() const {
  std::vector<std::string> names;
  for (const SafeTensors& file : files_)
    for (const TensorInfo& tensor : file.tensors())
      names.push_back(tensor.name);
  std::sort(names.begin(), names.end());
  return names;
}

REGARD_INLINE const TensorInfo* Checkpoint::find(std::string_view name) const {
  return detail::find_tensor(files_, name).tensor;
}

template <class Scalar, std::size_t Rank>
SharedTensor<Scalar, Rank> Checkpoint::load(std::string_view name, const Shape<Rank>& shape) const {
  const auto [tensor, file] = detail::find_tensor(files_, name);
  if (tensor == nullptr)
    throw MalformedFile(weights_file_, detail::missing_text(name, shape));
  return load_tensor<Scalar>(*file, tensor->name, shape);
}

template <class Lazy>
Index Checkpoint::count_layers(std::string_view stem) const {
  std::set<Index> layers;
  for (const SafeTensors& file : files_)
    detail::collect_layers(file, std::string(stem) + '.', layers);
  Index count = 0;
  while (layers.contains(count)) // ends: the set is finite
    ++count;
  return count;
}

} // namespace regard::inline REGARD_ABI
