#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace shoal::http {

/// One header line. The name as it was sent; the value without white space at its ends.
struct HeaderField {
  std::string_view name;
  std::string_view value;
};

/// Takes one header line without its CRLF apart; nothing when it is malformed: empty or non-token name, white space
/// before the colon, a folded line (RFC 9112 section 5). The line holds no control characters (LineScanner saw to
/// that).
std::optional<HeaderField> parse_field_line(std::string_view line);

/// Calls visit(member) for each non-empty member of a comma-separated list (RFC 9110 section 5.6.1), trimmed.
template <typename Visit>
void for_each_list_member(std::string_view list, Visit visit);

/// The header lines of one head, in the order they came, as positions in the buffer that the head was read into. Holds
/// no memory of its own: views are valid as long as that buffer stays where it is.
class HeaderFields {
 public:
  /// More lines than this are refused whatever the options say. 2 KB of user metadata fits in the shortest lines.
  static constexpr std::size_t capacity = 192;

  class Iterator {
   public:
    using value_type = HeaderField;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    HeaderField operator*() const { return (*fields_)[index_]; }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++index_;
      return before;
    }
    bool operator==(const Iterator&) const = default;

   private:
    friend class HeaderFields;
    Iterator(const HeaderFields* fields, std::size_t index) : fields_(fields), index_(index) {}
    const HeaderFields* fields_ = nullptr;
    std::size_t index_ = 0;
  };

  HeaderFields() = default;

  std::size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  HeaderField operator[](std::size_t index) const {
    const Position& position = positions_[index];
    return {{base_ + position.name_at, position.name_bytes}, {base_ + position.value_at, position.value_bytes}};
  }
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, count_}; }

  /// Value of the first line with this name, compared without regard to case.
  std::optional<std::string_view> find(std::string_view name) const {
    if ((name_sizes_ & bit_of_size(name.size())) == 0) return std::nullopt;
    return search(name);
  }
  /// How many lines have this name.
  std::size_t count(std::string_view name) const;

  /// Not 0: heads of this process whose lines have the same number have the same lines, but for what KnownHeads leaves
  /// open, the last bytes of the first Authorization.
  std::uint64_t likeness() const { return likeness_; }

  /// For parsers. `field` points into `buffer`; false when full.
  bool append(std::string_view buffer, HeaderField field);
  /// For parsers: the same bytes are now at `base`.
  void rebase(const char* base) { base_ = base; }
  /// For parsers: the lines of `other`, whose bytes are at `base` here.
  void repeat(const HeaderFields& other, const char* base) {
    base_ = base;
    count_ = other.count_;
    name_sizes_ = other.name_sizes_;
    likeness_ = other.likeness_;
    std::copy_n(other.positions_.begin(), count_, positions_.begin());
  }
  void set_likeness(std::uint64_t likeness) { likeness_ = likeness; }
  void clear() {
    count_ = 0;
    name_sizes_ = 0;
    likeness_ = 0;
  }

 private:
  struct Position {
    std::uint32_t name_at;
    std::uint32_t name_bytes;
    std::uint32_t value_at;
    std::uint32_t value_bytes;
  };

  std::optional<std::string_view> search(std::string_view name) const;
  /// One of 64 bits; names of different bits differ.
  static std::uint64_t bit_of_size(std::size_t bytes) { return std::uint64_t{1} << (bytes & 63); }

  const char* base_ = nullptr;
  std::size_t count_ = 0;
  std::uint64_t likeness_ = 0;
  std::uint64_t name_sizes_ = 0;              // of all names: most that are looked for are not there
  std::array<Position, capacity> positions_;  // only the first count_ are set
};

template <typename Visit>
void for_each_list_member(std::string_view list, Visit visit) {
  while (!list.empty()) {
    std::size_t comma = list.find(',');
    std::string_view member = list.substr(0, comma);
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    while (!member.empty() && (member.front() == ' ' || member.front() == '\t')) member.remove_prefix(1);
    while (!member.empty() && (member.back() == ' ' || member.back() == '\t')) member.remove_suffix(1);
    if (!member.empty()) visit(member);
  }
}

}  // namespace shoal::http
