// SPDX-License-Identifier: MIT
// Body of checkpoint/safetensors.hpp.
#pragma once

#include <regard/checkpoint/detail/json.hpp>
#include <regard/checkpoint/detail/problems.hpp>
#include <regard/checkpoint/safetensors.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <utility>

namespace regard::inline REGARD_ABI {

namespace detail {

struct DataTypeRow {
  std::string_view name;
  Index bits;
};

/// Indexed by DataType.
inline constexpr std::array<DataTypeRow, 22> data_type_table{{
    {"BOOL", 8},    {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6},     {"U8", 8},          {"I8", 8},
    {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"I16", 16},
    {"U16", 16},    {"F16", 16},    {"BF16", 16},   {"I32", 32},        {"U32", 32},        {"F32", 32},
    {"C64", 64},    {"F64", 64},    {"I64", 64},    {"U64", 64},
}};

inline constexpr std::uint64_t header_limit = 100'000'000; // bytes, as in the reference implementation
inline constexpr std::size_t length_size = 8;

/// The bits that shape and type ask for; nothing when the number does not fit.
REGARD_LAZY
std::optional<std::uint64_t> checked_bits(std::span<const Index> shape, Index bits) {
  constexpr std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t product = bits;
  for (const std::uint64_t extent : shape) {
    if (extent != 0 && product > limit / extent)
      return std::nullopt;
    product *= extent;
  }
  return product;
}

/// Reads the header's entries one by one and collects what is wrong with them.
REGARD_LAZY
class HeaderReader {
 public:
  HeaderReader(std::span<const std::byte> data, Problems& problems) : data_(data), problems_(problems) {}

  void read_metadata(const nlohmann::json& value, std::map<std::string, std::string, std::less<>>& metadata) {
    if (value.is_null()) // as the reference implementation has it
      return;
    if (!value.is_object())
      return problems_.malformed("__metadata__: found " + found_text(value) +
                                 ", expected an object of strings");
    for (const auto& [key, text] : value.items())
      if (text.is_string())
        metadata.emplace(key, text.template get_ref<const std::string&>());
      else
        problems_.malformed("__metadata__: " + quote(key) + ": found " + found_text(text) +
                            ", expected a string");
  }

  void read_tensor(const std::string& name, const nlohmann::json& value) {
    TensorInfo tensor;
    tensor.name = name;
    subject_ = "tensor " + quote(name) + ": ";
    if (!value.is_object())
      return fail("", found_text(value), "an object with dtype, shape and data_offsets");
    const bool shaped = read_shape(value, tensor);
    const bool placed = read_range(value, tensor);
    if (read_type(value, tensor) && shaped && placed && fits(tensor))
      tensors_.push_back(std::move(tensor));
  }

  /// Every byte of the data belongs to exactly one tensor.
  void check_cover() {
    std::sort(tensors_.begin(), tensors_.end(), [this](const TensorInfo& a, const TensorInfo& b) {
      return std::pair(begin_of(a), end_of(a)) < std::pair(begin_of(b), end_of(b));
    });
    std::size_t covered = 0;
    std::string before = "the beginning of the data";
    for (const TensorInfo& tensor : tensors_) {
      if (begin_of(tensor) != covered)
        problems_.malformed("tensor " + quote(tensor.name) + ": data_offsets: found a range that begins at " +
                            std::to_string(begin_of(tensor)) + " and " +
                            (begin_of(tensor) < covered ? "overlaps what is before it" : "leaves a hole") +
                            ", expected " + std::to_string(covered) + ", " + before);
      covered = std::max(covered, end_of(tensor));
      before = "the end of " + quote(tensor.name);
    }
    if (covered != data_.size())
      problems_.malformed("found " + std::to_string(data_.size()) + " bytes of data, expected " +
                          std::to_string(covered) + ", " + before);
  }

  std::vector<TensorInfo> take() { return std::move(tensors_); }

 private:
  void fail(const std::string& field, const std::string& found, const std::string& expected) {
    problems_.malformed(subject_ + field + "found " + found + ", expected " + expected);
  }

  static const nlohmann::json* field(const nlohmann::json& value, const char* name) {
    const auto at = value.find(name);
    return at == value.end() ? nullptr : &*at;
  }

  static std::string found(const nlohmann::json* value) {
    return value == nullptr ? "nothing" : found_text(*value);
  }

  bool read_type(const nlohmann::json& value, TensorInfo& tensor) {
    const nlohmann::json* const name = field(value, "dtype");
    if (name == nullptr || !name->is_string())
      return fail("dtype: ", found(name), "a string"), false;
    const auto type = find_data_type(name->get_ref<const std::string&>());
    if (!type) {
      std::array<std::string_view, data_type_table.size()> names;
      std::transform(data_type_table.begin(), data_type_table.end(), names.begin(),
                     [](const DataTypeRow& row) { return row.name; });
      problems_.unsupported(subject_ + "dtype: found " + found(name) + ", expected one of " +
                            list_text(names));
      return false;
    }
    tensor.dtype = *type;
    return true;
  }

  bool read_shape(const nlohmann::json& value, TensorInfo& tensor) {
    const nlohmann::json* const shape = field(value, "shape");
    if (shape == nullptr || !shape->is_array())
      return fail("shape: ", found(shape), "an array of integers"), false;
    for (const nlohmann::json& extent : *shape) {
      std::uint64_t number = 0;
      if (!get_unsigned(extent, number) || number > std::numeric_limits<Index>::max())
        return fail("shape: ", found_text(extent),
                    "an integer from 0 to " + std::to_string(std::numeric_limits<Index>::max())),
               false;
      tensor.shape.push_back(static_cast<Index>(number));
    }
    return true;
  }

  bool read_range(const nlohmann::json& value, TensorInfo& tensor) {
    const nlohmann::json* const range = field(value, "data_offsets");
    std::uint64_t begin = 0, end = 0;
    if (range == nullptr || !range->is_array() || range->size() != 2)
      return fail("data_offsets: ", found(range), "an array of 2 integers"), false;
    for (const nlohmann::json& offset : *range)
      if (!get_unsigned(offset, end))
        return fail("data_offsets: ", found_text(offset),
                    "an integer from 0 to " + std::to_string(data_.size())),
               false;
    get_unsigned(range->front(), begin);
    if (begin > end || end > data_.size())
      return fail("data_offsets: ", '[' + std::to_string(begin) + ", " + std::to_string(end) + ']',
                  "a range within the " + std::to_string(data_.size()) + " bytes of data"),
             false;
    tensor.bytes = data_.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
    return true;
  }

  bool fits(const TensorInfo& tensor) {
    const auto bits = checked_bits(tensor.shape, bits_per_element(tensor.dtype));
    const std::string type = shape_text(tensor.shape) + " of " + std::string(to_string(tensor.dtype));
    if (!bits)
      return fail("shape: ", type, "less than 2^64 bits"), false;
    if (*bits % 8 != 0)
      return fail("shape: ", type + ", " + std::to_string(*bits) + " bits", "a whole number of bytes"), false;
    if (*bits / 8 != tensor.bytes.size())
      return fail("data_offsets: ", std::to_string(tensor.bytes.size()) + " bytes",
                  std::to_string(*bits / 8) + " for " + type),
             false;
    return true;
  }

  std::size_t begin_of(const TensorInfo& tensor) const {
    return static_cast<std::size_t>(tensor.bytes.data() - data_.data());
  }
  std::size_t end_of(const TensorInfo& tensor) const { return begin_of(tensor) + tensor.bytes.size(); }

  std::span<const std::byte> data_;
  Problems& problems_;
  std::vector<TensorInfo> tensors_;
  std::string subject_;
};

/// The header's JSON text, its length checked against the limit and the file.
REGARD_LAZY
std::span<const std::byte> header_text(std::span<const std::byte> bytes, const std::string& file) {
  if (bytes.size() < length_size)
    throw MalformedFile(file, "found " + std::to_string(bytes.size()) +
                                  " bytes, expected at least the 8 that give the length of the header");
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < length_size; ++i)
    length |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
  const std::uint64_t limit = std::min<std::uint64_t>(header_limit, bytes.size() - length_size);
  if (length > limit)
    throw MalformedFile(file,
                        "length of the header: found " + std::to_string(length) + ", expected at most " +
                            std::to_string(limit) +
                            (limit == header_limit ? ", the format's limit" : ", the rest of the file"));
  const auto text = bytes.subspan(length_size, static_cast<std::size_t>(length));
  if (text.empty() || text.front() != std::byte{'{'})
    throw MalformedFile(file,
                        "beginning of the header: found " +
                            (text.empty() ? std::string("nothing")
                                          : "byte " + std::to_string(std::to_integer<int>(text.front()))) +
                            ", expected '{'");
  return text;
}

} // namespace detail

template <class Lazy>
std::string_view to_string(DataType type) {
  return detail::data_type_table.at(static_cast<std::size_t>(type)).name;
}

template <class Lazy>
Index bits_per_element(DataType type) {
  return detail::data_type_table.at(static_cast<std::size_t>(type)).bits;
}

template <class Lazy>
std::optional<DataType> find_data_type(std::string_view name) {
  for (std::size_t i = 0; i < detail::data_type_table.size(); ++i)
    if (detail::data_type_table[i].name == name)
      return static_cast<DataType>(i);
  return std::nullopt;
}

template <class Lazy>
SafeTensors SafeTensors::open(const std::filesystem::path& path, Mapping mapping) {
  auto file = std::make_shared<const MappedFile>(path, mapping);
  const auto bytes = file->bytes();
  return read(bytes, path.string(), std::move(file));
}

template <class Lazy>
SafeTensors SafeTensors::read(std::span<const std::byte> bytes, std::string file,
                              std::shared_ptr<const void> keep_alive) {
  const auto text = detail::header_text(bytes, file);
  const nlohmann::json header = detail::parse_json(text, file);
  detail::Problems problems;
  detail::HeaderReader<> reader(bytes.subspan(detail::length_size + text.size()), problems);
  SafeTensors result;
  for (const auto& [name, value] : header.items())
    if (name == "__metadata__")
      reader.read_metadata(value, result.metadata_);
    else
      reader.read_tensor(name, value);
  if (problems.empty()) // a tensor that could not be read would show up as a hole
    reader.check_cover();
  problems.throw_if_any(file);
  result.file_ = std::move(file);
  result.keep_alive_ = std::move(keep_alive);
  result.tensors_ = reader.take();
  std::sort(result.tensors_.begin(), result.tensors_.end(),
            [](const TensorInfo& a, const TensorInfo& b) { return a.name < b.name; });
  return result;
}

template <class Lazy>
std::vector<std::string> SafeTensors::names() const {
  std::vector<std::string> names(tensors_.size());
  std::transform(tensors_.begin(), tensors_.end(), names.begin(),
                 [](const TensorInfo& tensor) { return tensor.name; });
  return names;
}

REGARD_INLINE const TensorInfo* SafeTensors::find(std::string_view name) const {
  const auto at =
      std::lower_bound(tensors_.begin(), tensors_.end(), name,
                       [](const TensorInfo& tensor, std::string_view key) { return tensor.name < key; });
  return at != tensors_.end() && at->name == name ? &*at : nullptr;
}

} // namespace regard::inline REGARD_ABI
