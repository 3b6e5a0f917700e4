// SPDX-License-Identifier: MIT
// Body of checkpoint/write_safetensors.hpp.
#pragma once

#include <regard/checkpoint/write_safetensors.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <cstring>

namespace regard::inline REGARD_ABI {

template <class Lazy>
std::string safetensors_bytes(std::vector<NamedTensor> tensors) {
  static_assert(std::endian::native == std::endian::little, "the format is little-endian");
  std::sort(tensors.begin(), tensors.end(),
            [](const NamedTensor& a, const NamedTensor& b) { return a.name < b.name; });
  using Json = detail::Deferred<Lazy, nlohmann::ordered_json>;
  Json header = Json::object();
  Index offset = 0;
  for (const NamedTensor& tensor : tensors) {
    Index size = 1;
    for (const Index extent : tensor.shape)
      size *= extent;
    if (size != tensor.values.size())
      throw InvalidArgument("tensor \"" + tensor.name + "\": found " + std::to_string(tensor.values.size()) +
                            " values, expected the " + std::to_string(size) + " of its shape");
    if (tensor.name == "__metadata__" || header.contains(tensor.name))
      throw InvalidArgument("tensor \"" + tensor.name + "\": found a name that is reserved or twice there");
    const Index end = offset + tensor.values.size_bytes();
    header[tensor.name] = {{"dtype", "F64"}, {"shape", tensor.shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const nlohmann::json::exception&) {
    throw InvalidArgument("a tensor's name is not valid UTF-8");
  }
  text.append((8 - text.size() % 8) % 8, ' '); // so that the data lie aligned
  const auto length = static_cast<std::uint64_t>(text.size());
  std::string bytes(sizeof length, '\0');
  std::memcpy(bytes.data(), &length, sizeof length);
  bytes += text;
  for (const NamedTensor& tensor : tensors)
    bytes.append(reinterpret_cast<const char*>(tensor.values.data()), tensor.values.size_bytes());
  return bytes;
}

template <class Lazy>
void write_safetensors(const std::filesystem::path& path, std::vector<NamedTensor> tensors) {
  write_file(path, safetensors_bytes(std::move(tensors)));
}

} // namespace regard::inline REGARD_ABI
