// SPDX-License-Identifier: MIT
// Body of checkpoint/tensor_reader.hpp.
#pragma once

#include <regard/checkpoint/detail/checkpoint.hpp>
#include <regard/checkpoint/tensor_reader.hpp>

#include <algorithm>

namespace regard::inline REGARD_ABI {

namespace detail {

/// Whether `pattern`, in which `*` stands for any characters, covers all of `text`. Linear but for the
/// product of their lengths at worst.
REGARD_LAZY
bool matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) { // let the last star take one character more
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

} // namespace detail

template <class Lazy>
detail::FoundTensor TensorReader::find(std::string_view name) const {
  if (!prefix_.empty())
    if (const auto found = detail::find_tensor(checkpoint_.files(), prefix_ + std::string(name));
        found.tensor)
      return found;
  return detail::find_tensor(checkpoint_.files(), name);
}

template <class Scalar, std::size_t Rank>
SharedTensor<Scalar, Rank> TensorReader::take(const detail::FoundTensor& found, const Shape<Rank>& shape) {
  used_.insert(found.tensor->name);
  if (!detail::check_tensor(*found.tensor, shape, problems_))
    return {};
  return detail::load_checked<Scalar>(*found.tensor, shape, found.file->keep_alive());
}

template <class Scalar, std::size_t Rank>
SharedTensor<Scalar, Rank> TensorReader::require(std::string_view name, const Shape<Rank>& shape) {
  if (const auto found = find(name); found.tensor != nullptr)
    return take<Scalar>(found, shape);
  problems_.malformed(detail::missing_text(name, shape));
  return {};
}

template <class Scalar, std::size_t Rank>
std::optional<SharedTensor<Scalar, Rank>> TensorReader::optional(std::string_view name,
                                                                 const Shape<Rank>& shape) {
  if (const auto found = find(name); found.tensor != nullptr)
    return take<Scalar>(found, shape);
  return std::nullopt;
}

template <class Lazy>
bool TensorReader::contains(std::string_view name) const {
  return find(name).tensor != nullptr;
}

template <class Lazy>
void TensorReader::require_layers(std::string_view stem, std::string_view key, Index layers) const {
  const Index prefixed = checkpoint_.count_layers(prefix_ + std::string(stem));
  const Index present = prefixed != 0 ? prefixed : checkpoint_.count_layers(stem);
  if (layers != present)
    throw MalformedFile(checkpoint_.config().file(),
                        std::string(key) + ": found " + std::to_string(layers) + ", expected " +
                            std::to_string(present) + ", the number of layers " + std::string(stem) + ".0, " +
                            std::string(stem) + ".1, ... in " + checkpoint_.weights_file());
}

template <class Lazy>
std::vector<std::string> TensorReader::unused() const {
  std::vector<std::string> names = checkpoint_.names();
  std::erase_if(names, [this](const std::string& name) { return used_.contains(name); });
  return names;
}

template <class Lazy>
std::vector<std::string> TensorReader::finish(const std::vector<std::string>& ignorable) const {
  detail::Problems problems = problems_;
  std::vector<std::string> notes;
  for (const std::string& name : unused()) {
    const bool prefixed = !prefix_.empty() && name.starts_with(prefix_);
    const std::string_view bare = std::string_view(name).substr(prefixed ? prefix_.size() : 0);
    if (std::any_of(ignorable.begin(), ignorable.end(), [&](const std::string& pattern) {
          return detail::matches(pattern, name) || detail::matches(pattern, bare);
        }))
      notes.push_back("tensor " + detail::quote(name) + ": not part of this model, ignored");
    else
      problems.malformed("tensor " + detail::quote(name) + ": found, expected no tensor of that name");
  }
  problems.throw_if_any(checkpoint_.weights_file());
  return notes;
}

} // namespace regard::inline REGARD_ABI
