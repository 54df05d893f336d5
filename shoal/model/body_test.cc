#include "shoal/model/body.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

Body in_slices(std::initializer_list<std::string_view> texts) {
  Body body;
  for (std::string_view text : texts) body.append(Body::copy_of(text));
  return body;
}

TEST(BodyTest, SubBodiesCrossSlicesWithoutCopying) {
  Body body = in_slices({"abc", "", "defg", "h"});
  for (std::uint64_t offset = 0; offset <= body.size(); ++offset) {
    for (std::uint64_t length = 0; length <= body.size() - offset; ++length) {
      EXPECT_EQ(body.sub_body(offset, length).to_string(), body.to_string().substr(offset, length));
    }
  }
  EXPECT_EQ(body.sub_body(1, 2).contiguous().data(), body.begin()->bytes.data() + 1);
}

TEST(BodyTest, ComparesBytesNotSlices) {
  EXPECT_EQ(in_slices({"ab", "cde"}), in_slices({"abc", "de"}));
  EXPECT_FALSE(in_slices({"ab", "cde"}) == in_slices({"abc", "dx"}));
  EXPECT_EQ(Body(), in_slices({}));
}

TEST(BodyTest, MemoryIsChargedUntilTheLastHolderIsDone) {
  MemoryAccount account("test");
  {
    Body outlives;
    {
      Body whole = Body::copy_of(as_bytes("0123456789"), &account);
      EXPECT_GE(account.bytes(), 10U);
      outlives = whole.sub_body(3, 2);
    }
    EXPECT_GE(account.bytes(), 10U);
    EXPECT_EQ(outlives.to_string(), "34");
  }
  EXPECT_EQ(account.bytes(), 0U);
}

TEST(BufferTest, ChargesWhatItSays) {
  MemoryAccount account("test");
  for (std::size_t alignment : {1U, 16U, 4096U}) {
    BufferRef buffer = BufferRef::allocate(100, &account, alignment);
    EXPECT_EQ(account.bytes(), BufferRef::charged_bytes(100, alignment));
  }
}

TEST(BufferTest, HonoursAlignment) {
  for (std::size_t alignment : {16U, 64U, 512U, 4096U}) {
    BufferRef buffer = BufferRef::allocate(100, nullptr, alignment);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer->data()) % alignment, 0U);
  }
}

}  // namespace
}  // namespace shoal
