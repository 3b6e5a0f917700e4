// SPDX-License-Identifier: MIT
// Added tokens in a text: a byte trie that finds, from left to right, the longest token at each place.
#pragma once

#include <regard/tensor.hpp>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace regard::inline REGARD_ABI::detail {

/// What a match of an added token does.
struct AddedTokenRule {
  Index id = 0;
  bool lstrip = false, rstrip = false, single_word = false;
};

/// The tokens that are looked for in one form of the text, the raw or the normalised one.
class AddedTokenTable {
 public:
  struct Match {
    Index begin = 0, end = 0;
    const AddedTokenRule* rule = nullptr; ///< null: no more matches
  };

  bool empty() const { return rules_.empty(); }

  /// Of two rules for the same content the first counts. Empty content is left out.
  REGARD_LAZY void insert(std::string_view content, const AddedTokenRule& rule) {
    if (content.empty())
      return;
    Index node = 0;
    for (const char byte : content)
      node = child_or_new(node, byte);
    if (nodes_[node].rule == no_rule) {
      nodes_[node].rule = rules_.size();
      rules_.push_back(rule);
    }
    starts_[static_cast<unsigned char>(content.front())] = true;
    only_start_ = content.front();
    several_starts_ = std::count(starts_.begin(), starts_.end(), true) > 1;
  }

  /// The first match that begins at or after `from`.
  REGARD_LAZY Match next(std::string_view text, Index from) const {
    for (Index at = candidate(text, from); at < text.size(); at = candidate(text, at + 1))
      if (const Match match = longest_at(text, at); match.rule != nullptr)
        return match;
    return {text.size(), text.size(), nullptr};
  }

 private:
  static constexpr Index no_rule = static_cast<Index>(-1);

  struct Node {
    std::vector<std::pair<char, Index>> children; // sorted by byte
    Index rule = no_rule;
  };

  /// Where in the sorted children `byte` is or would be.
  template <class Children>
  static auto place(Children& children, char byte) {
    return std::lower_bound(children.begin(), children.end(), byte,
                            [](const auto& child, char value) { return child.first < value; });
  }

  REGARD_LAZY Index child_or_new(Index node, char byte) {
    auto& children = nodes_[node].children;
    const auto child = place(children, byte);
    if (child != children.end() && child->first == byte)
      return child->second;
    const Index fresh = nodes_.size();
    children.insert(child, {byte, fresh});
    nodes_.emplace_back();
    return fresh;
  }

  Index candidate(std::string_view text, Index from) const {
    if (rules_.empty() || from >= text.size())
      return text.size();
    if (!several_starts_)
      return std::min(text.find(only_start_, from), text.size());
    while (from < text.size() && !starts_[static_cast<unsigned char>(text[from])])
      ++from;
    return from;
  }

  REGARD_LAZY Match longest_at(std::string_view text, Index begin) const {
    Match match;
    Index node = 0;
    for (Index at = begin; at < text.size(); ++at) {
      const auto& children = nodes_[node].children;
      const auto child = place(children, text[at]);
      if (child == children.end() || child->first != text[at])
        break;
      node = child->second;
      if (nodes_[node].rule != no_rule)
        match = {begin, at + 1, &rules_[nodes_[node].rule]};
    }
    return match;
  }

  std::vector<Node> nodes_ = std::vector<Node>(1);
  std::vector<AddedTokenRule> rules_;
  std::array<bool, 256> starts_{}; // bytes with which some content begins
  char only_start_ = 0;
  bool several_starts_ = false;
};

} // namespace regard::inline REGARD_ABI::detail
