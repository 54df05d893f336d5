#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace shoal::storage {

/// Some neighbouring names of a shard with what belongs to each, front-coded: a name is stored as the length of what it
/// shares with the name before it, and the rest. Takes exactly the memory that it needs, and is rewritten by each
/// change.
///
///     entry = shared (varint), length of the rest (varint), length of the payload (varint), rest, payload
class IndexPage {
 public:
  /// Walks a page forwards; valid until the page changes.
  class Walk {
   public:
    /// At the first name.
    explicit Walk(const IndexPage& page) : next_(page.bytes()) {
      page.fetch();
      step();
    }
    /// At the first name that is not less than `from`.
    Walk(const IndexPage& page, std::string_view from);

    bool at_end() const { return at_end_; }
    const std::string& name() const { return name_; }
    std::string_view payload() const { return payload_; }
    /// How many of its first bytes the name has in common with the one before it in the page; 0 for the first.
    std::size_t shared_bytes() const { return shared_bytes_; }
    void next() { step(); }
    /// To the first name that is not less than `from`.
    void seek(std::string_view from) {
      while (!at_end_ && name_ < from) step();
    }

   private:
    void step();

    std::string_view next_;
    std::string name_;
    std::string_view payload_;
    std::size_t shared_bytes_ = 0;
    bool at_end_ = false;
  };

  /// An entry as it stands in the page.
  struct Entry {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::size_t shared = 0;
    std::string_view rest;
    std::string_view payload;
  };
  /// Where a name is, or belongs.
  struct Place {
    std::size_t shared_before = 0;  ///< what the name shares with the one before it
    bool found = false;
    std::optional<Entry> entry;  ///< the first that is not less than the name
  };

  /// Where a name is, or belongs. Valid until the page changes.
  Place find(std::string_view name) const;

  IndexPage() = default;
  /// A copy of what bytes() of a page gave.
  explicit IndexPage(std::string_view bytes);
  /// A page with nothing but a name, to stand for one that begins with it.
  static IndexPage of_name(std::string_view name);

  /// Of the page as it is stored.
  std::string_view bytes() const { return {bytes_.get(), size_}; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  /// The first name, which is stored whole.
  std::string_view first_name() const;
  /// Brings the first name into the processor's cache, without waiting.
  void fetch_first_name() const;
  /// The same with all of it.
  void fetch() const;

  /// Adds the name or replaces its payload, at the place where find() says that it belongs.
  void put(const Place& place, std::string_view name, std::string_view payload);
  /// The name must be there.
  void erase(const Place& place, std::string_view name);
  /// Takes the upper half of the entries away into a new page, which is empty if there is but one.
  IndexPage split();
  /// Takes over the entries of `behind`, whose names are all larger.
  void append(const IndexPage& behind);

 private:
  /// The entry that begins at this offset; nothing at the end.
  std::optional<Entry> entry_at(std::size_t offset) const;
  /// Puts `middle` in the place of [begin, end).
  void splice(std::size_t begin, std::size_t end, std::string_view middle);

  std::unique_ptr<char[]> bytes_;
  std::uint32_t size_ = 0;
};

}  // namespace shoal::storage
