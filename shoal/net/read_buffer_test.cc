#include "shoal/net/read_buffer.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <gtest/gtest.h>

namespace shoal::net {
namespace {

/// As a socket would: as much as there is room for, again and again.
void receive(ReadBuffer& buffer, std::string_view text) {
  while (!text.empty()) {
    buffer.make_room();
    std::size_t bytes = std::min(buffer.writable().size(), text.size());
    ASSERT_GT(bytes, 0U);
    std::memcpy(buffer.writable().data(), text.data(), bytes);
    buffer.received(bytes);
    text.remove_prefix(bytes);
  }
}

TEST(ReadBufferTest, GivesBytesInOrder) {
  ReadBuffer buffer(nullptr);
  receive(buffer, "head");
  receive(buffer, "body");
  buffer.consume(4);
  EXPECT_EQ(buffer.unread(), "body");
  std::array<std::byte, 3> target;
  EXPECT_EQ(buffer.take(target), 3U);
  EXPECT_EQ(as_text(target), "bod");
  EXPECT_EQ(buffer.unread(), "y");
}

TEST(ReadBufferTest, ConsumedBytesStayUntilRoomIsMade) {
  ReadBuffer buffer(nullptr);
  receive(buffer, "head");
  std::string_view head = buffer.unread();
  buffer.consume(4);
  EXPECT_EQ(head, "head");
}

TEST(ReadBufferTest, GrowsAndShrinksAndIsCharged) {
  MemoryAccount account("connections");
  {
    ReadBuffer buffer(&account);
    EXPECT_EQ(account.bytes(), ReadBuffer::idle_bytes);
    std::string sent;
    while (sent.size() < 10'000) {
      std::string piece(500, static_cast<char>('a' + sent.size() / 500 % 26));
      receive(buffer, piece);
      sent += piece;
    }
    EXPECT_TRUE(buffer.unread() == sent);
    EXPECT_GE(account.bytes(), sent.size());
    buffer.consume(sent.size());
    buffer.shrink();
    EXPECT_EQ(account.bytes(), ReadBuffer::idle_bytes);
  }
  EXPECT_EQ(account.bytes(), 0U);
}

TEST(ReadBufferTest, PutsBytesBackInFront) {
  ReadBuffer buffer(nullptr);
  receive(buffer, "xworld");
  buffer.consume(1);
  buffer.put_back("hello ");
  EXPECT_EQ(buffer.unread(), "hello world");
}

}  // namespace
}  // namespace shoal::net
