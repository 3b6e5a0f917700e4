// SPDX-License-Identifier: MIT
// Pieces of a vocabulary, found by their hash. A word is cut by asking for ever shorter beginnings of what is
// left of it; the hash of every beginning falls out of one pass over the bytes.
#pragma once

#include <regard/tensor.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace regard::inline REGARD_ABI::detail {

/// Open addressing with linear probing, at most half full.
class PieceTable {
 public:
  using Hash = std::uint64_t;
  static constexpr Index none = static_cast<Index>(-1);

  /// Hash of no bytes, and of one byte more (FNV-1a).
  static constexpr Hash empty_hash = 0xcbf29ce484222325u;
  static constexpr Hash extend(Hash hash, char byte) {
    return (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3u;
  }
  static Hash hash_of(std::string_view text) {
    Hash hash = empty_hash;
    for (const char byte : text)
      hash = extend(hash, byte);
    return hash;
  }

  /// Sets the id of `piece`; a later call for the same piece wins. The empty piece is left out.
  REGARD_LAZY void insert(std::string_view piece, Index id) {
    if (piece.empty())
      return;
    if (2 * (count_ + 1) > tags_.size())
      grow();
    const Hash hash = hash_of(piece);
    const Index slot = slot_of(hash, piece);
    if (tags_[slot] == 0) {
      ++count_;
      tags_[slot] = tag(hash);
      entries_[slot] = {hash, text_.size(), piece.size(), id};
      text_ += piece;
      longest_ = std::max(longest_, piece.size());
    }
    entries_[slot].id = id;
  }

  /// @param hash  `hash_of(piece)`.
  Index find(Hash hash, std::string_view piece) const {
    if (count_ == 0)
      return none;
    const Index slot = slot_of(hash, piece);
    return tags_[slot] == 0 ? none : entries_[slot].id;
  }
  Index find(std::string_view piece) const { return find(hash_of(piece), piece); }

  /// Bytes of the longest piece.
  Index longest() const { return longest_; }

 private:
  struct Entry {
    Hash hash = 0;
    Index begin = 0, size = 0; // in text_
    Index id = 0;
  };

  static std::uint32_t tag(Hash hash) {
    return static_cast<std::uint32_t>(hash >> 32) | 1u;
  } // 0: a free slot

  Index slot_of(Hash hash, std::string_view piece) const {
    const Index mask = tags_.size() - 1;
    Index slot = (hash ^ (hash >> 29)) & mask;
    while (tags_[slot] != 0 && (tags_[slot] != tag(hash) || !holds(entries_[slot], piece)))
      slot = (slot + 1) & mask;
    return slot;
  }

  bool holds(const Entry& entry, std::string_view piece) const {
    return std::string_view(text_).substr(entry.begin, entry.size) == piece;
  }

  REGARD_LAZY void grow() {
    const std::vector<Entry> old_entries = std::move(entries_);
    const std::vector<std::uint32_t> old_tags = std::move(tags_);
    const Index capacity = std::max<Index>(64, 2 * old_tags.size());
    tags_.assign(capacity, 0);
    entries_.assign(capacity, {});
    for (Index i = 0; i < old_tags.size(); ++i)
      if (old_tags[i] != 0) {
        const Entry& entry = old_entries[i];
        const Index slot = slot_of(entry.hash, std::string_view(text_).substr(entry.begin, entry.size));
        tags_[slot] = old_tags[i];
        entries_[slot] = entry;
      }
  }

  std::string text_; // all pieces, one behind the other
  std::vector<std::uint32_t> tags_;
  std::vector<Entry> entries_;
  Index count_ = 0;
  Index longest_ = 0;
};

} // namespace regard::inline REGARD_ABI::detail
