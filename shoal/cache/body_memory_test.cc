#include "shoal/cache/body_memory.h"

#include <list>
#include <string>

#include <gtest/gtest.h>

namespace shoal::cache {
namespace {

/// A file of pages of 10 bytes in which so many bytes can be stored.
class SmallFile final : public FileMemory {
 public:
  explicit SmallFile(std::size_t bytes) : bytes_left_(bytes) {}

  ByteSpan store(std::span<const ByteSpan> pieces) override {
    std::string text;
    for (ByteSpan piece : pieces) text += as_text(piece);
    if (text.size() > bytes_left_) return {};
    bytes_left_ -= text.size();
    return as_bytes(texts_.emplace_back(std::move(text)));
  }
  void discard(ByteSpan stored) override {
    bytes_left_ += stored.size();
    texts_.remove_if([&](const std::string& text) { return as_bytes(text).data() == stored.data(); });
  }
  FilePlace place_of(const std::byte* /*byte*/) const override { return {3, 0}; }
  std::size_t bytes_taken(std::size_t bytes) const override { return (bytes + 9) / 10 * 10; }
  std::size_t count() const { return texts_.size(); }

 private:
  std::size_t bytes_left_;
  std::list<std::string> texts_;
};

class BodyMemoryTest : public ::testing::Test {
 protected:
  Body body_of(std::string_view first, std::string_view second = "") {
    Body body = Body::copy_of(first);
    body.append(Body::copy_of(second));
    return body;
  }
  static bool is_in_file(const BufferRef& block) { return block->place_of(block->bytes()).has_value(); }

  SmallFile file_{100};
  MemoryAccount account_{"bodies"};
  BodyMemory memory_{&file_, 20};
};

TEST_F(BodyMemoryTest, LargeBodiesLieInTheFile) {
  Body body = body_of("0123456789", "abcdefghijk");
  BufferRef block = memory_.copy_of(body, &account_);
  EXPECT_TRUE(is_in_file(block));
  EXPECT_EQ(Body(block), body);
  EXPECT_EQ(account_.bytes(), sizeof(Buffer) + 30);
  EXPECT_EQ(memory_.charged_bytes(body.size()), account_.bytes());
  block = {};
  EXPECT_EQ(account_.bytes(), 0U);
  EXPECT_EQ(file_.count(), 0U);
}

TEST_F(BodyMemoryTest, SmallBodiesDoNot) {
  Body body = body_of("0123456789", "abcdefghi");
  BufferRef block = memory_.copy_of(body, &account_);
  EXPECT_FALSE(is_in_file(block));
  EXPECT_EQ(Body(block), body);
  EXPECT_EQ(memory_.charged_bytes(body.size()), account_.bytes());
  EXPECT_FALSE(memory_.copy_of({}, &account_));
  EXPECT_EQ(memory_.charged_bytes(0), 0U);
}

TEST_F(BodyMemoryTest, WhatTheFileHasNoRoomForLiesInMemory) {
  Body body = body_of(std::string(60, 'a'));
  BufferRef first = memory_.copy_of(body, &account_);
  std::uint64_t charged = account_.bytes();
  BufferRef second = memory_.copy_of(body, &account_);
  EXPECT_TRUE(is_in_file(first));
  EXPECT_FALSE(is_in_file(second));
  EXPECT_EQ(Body(second), body);
  EXPECT_LE(account_.bytes() - charged, memory_.charged_bytes(body.size()));
}

}  // namespace
}  // namespace shoal::cache
