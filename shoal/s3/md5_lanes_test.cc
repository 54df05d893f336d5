#include "shoal/s3/md5_lanes.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "shoal/base/random.h"
#include "shoal/base/text.h"
#include "shoal/s3/digest.h"

namespace shoal::s3 {
namespace {

std::string random_text(Random& random, std::size_t bytes) {
  std::string text(bytes, '\0');
  for (char& c : text) c = static_cast<char>(random.below(256));
  return text;
}

std::string md5_of(std::string_view text) {
  Md5 md5;
  md5.update(as_bytes(text));
  return to_hex(md5.finish());
}

/// All messages through `kernel`, in calls that take at most `bytes_max` of each.
std::vector<std::string> hashed(const Md5Kernel& kernel, const std::vector<std::string>& messages,
                                std::size_t bytes_max) {
  std::vector<Md5> digests(messages.size());
  std::vector<Md5::Rest> rests;
  for (std::size_t i = 0; i < messages.size(); ++i) rests.push_back({&digests[i], as_bytes(messages[i])});
  while (std::ranges::any_of(rests, [](const Md5::Rest& rest) { return !rest.bytes.empty(); })) {
    Md5::update_each(rests, bytes_max, kernel);
  }
  std::vector<std::string> values;
  for (Md5& digest : digests) values.push_back(to_hex(digest.finish()));
  return values;
}

TEST(Md5LanesTest, ThereIsAlwaysAKernel) {
  ASSERT_FALSE(md5_kernels().empty());
  for (const Md5Kernel& kernel : md5_kernels()) {
    EXPECT_GE(kernel.lanes, 2U);
    EXPECT_LE(kernel.lanes, md5_lanes_max);
  }
}

TEST(Md5LanesTest, EveryKernelHashesWhatOpenSslHashes) {
  Random random(1);
  for (const Md5Kernel& kernel : md5_kernels()) {
    for (std::size_t count = 1; count <= kernel.lanes; ++count) {
      std::vector<std::string> messages;
      std::vector<std::string> expected;
      for (std::size_t i = 0; i < count; ++i) {
        messages.push_back(random_text(random, random.below(2'000)));
        expected.push_back(md5_of(messages.back()));
      }
      EXPECT_EQ(hashed(kernel, messages, SIZE_MAX), expected) << kernel.name << ", " << count;
    }
  }
}

TEST(Md5LanesTest, LengthsAroundBlocks) {
  Random random(2);
  std::vector<std::string> messages;
  for (std::size_t bytes : {0, 1, 55, 56, 63, 64, 65, 127, 128, 129, 4'096}) {
    messages.push_back(random_text(random, bytes));
  }
  for (const Md5Kernel& kernel : md5_kernels()) {
    for (std::size_t first = 0; first < messages.size(); first += kernel.lanes) {
      std::vector<std::string> some(
          messages.begin() + static_cast<std::ptrdiff_t>(first),
          messages.begin() + static_cast<std::ptrdiff_t>(std::min(first + kernel.lanes, messages.size())));
      std::vector<std::string> expected;
      for (const std::string& message : some) expected.push_back(md5_of(message));
      EXPECT_EQ(hashed(kernel, some, SIZE_MAX), expected) << kernel.name;
    }
  }
}

// Stretches that are no multiple of a block leave a part of one to the next call.
TEST(Md5LanesTest, MessagesMayBeTakenInStretches) {
  Random random(3);
  for (const Md5Kernel& kernel : md5_kernels()) {
    std::vector<std::string> messages;
    std::vector<std::string> expected;
    for (std::size_t i = 0; i < kernel.lanes; ++i) {
      messages.push_back(random_text(random, 300 * i + i));
      expected.push_back(md5_of(messages.back()));
    }
    for (std::size_t bytes_max : {1, 64, 100, 1'024}) {
      EXPECT_EQ(hashed(kernel, messages, bytes_max), expected) << kernel.name << ", " << bytes_max;
    }
  }
}

// OpenSSL counts bits in two halves, of which the upper one is used from 512 MiB on.
TEST(Md5LanesTest, CountsMoreThanFourGigabits) {
  const std::string piece(1 << 20, 'x');
  Md5 alone;
  for (int i = 0; i < 511; ++i) alone.update(as_bytes(piece));
  Md5 beside = alone;
  Md5 other;
  for (int i = 0; i < 2; ++i) {
    alone.update(as_bytes(piece));
    Md5::Rest rests[] = {{&beside, as_bytes(piece)}, {&other, as_bytes(piece)}};
    Md5::update_each(rests, SIZE_MAX, md5_kernels().back());
  }
  EXPECT_EQ(beside.finish(), alone.finish());
}

}  // namespace
}  // namespace shoal::s3
