#include "shoal/s3/md5_queue.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "shoal/base/text.h"
#include "shoal/io/event_loop.h"

namespace shoal::s3 {
namespace {

std::string text_of(std::size_t number, std::size_t bytes) {
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>(number * 31 + i * 7 + (i >> 8));
  return text;
}

std::string md5_of(std::string_view text) {
  Md5 md5;
  md5.update(as_bytes(text));
  return to_hex(md5.finish());
}

class Md5QueueTest : public ::testing::Test {
 protected:
  /// Hashes a text that comes in pieces, and notes when it is through.
  void start(Md5Queue& queue, std::string text, std::size_t piece_bytes) {
    std::size_t number = found_.size();
    expected_.push_back(md5_of(text));
    found_.emplace_back();
    io::spawn(loop_, hash(queue, number, std::move(text), piece_bytes));
  }

  io::EventLoop loop_;
  std::vector<std::string> expected_;
  std::vector<std::string> found_;
  std::vector<std::size_t> order_;

 private:
  Task<void> hash(Md5Queue& queue, std::size_t number, std::string text, std::size_t piece_bytes) {
    Md5 md5;
    for (std::string_view rest = text; !rest.empty();) {
      std::string_view piece = rest.substr(0, piece_bytes);
      rest.remove_prefix(piece.size());
      co_await queue.update(md5, as_bytes(piece));
    }
    found_[number] = to_hex(md5.finish());
    order_.push_back(number);
  }
};

TEST_F(Md5QueueTest, OneAlone) {
  Md5Queue queue;
  start(queue, text_of(1, 300'000), 100'000);
  loop_.context().run();
  EXPECT_EQ(found_, expected_);
}

TEST_F(Md5QueueTest, MoreThanThereAreLanesOfAllSizes) {
  for (const Md5Kernel& kernel : md5_kernels()) {
    Md5Queue queue(kernel);
    for (std::size_t i = 0; i < 3 * md5_lanes_max + 1; ++i) start(queue, text_of(i, 1 + i * i * 97), 1'000 + 777 * i);
    loop_.context().restart();
    loop_.context().run();
    EXPECT_EQ(found_, expected_) << kernel.name;
  }
}

// A long one gives its place to nobody, but the others do not wait until it is through.
TEST_F(Md5QueueTest, ShortOnesDoNotWaitForLongOnes) {
  Md5Queue queue;
  start(queue, text_of(0, 1 << 20), 1 << 20);
  for (std::size_t i = 1; i < 4; ++i) start(queue, text_of(i, 4'096), 4'096);
  loop_.context().run();
  EXPECT_EQ(found_, expected_);
  EXPECT_EQ(order_, (std::vector<std::size_t>{1, 2, 3, 0}));
}

TEST_F(Md5QueueTest, TheLoopHasItsTurnBetweenStretches) {
  Md5Queue queue;
  start(queue, text_of(0, 1 << 20), 1 << 20);
  bool was_through = true;
  loop_.context().poll_one();  // the coroutine waits
  loop_.context().poll_one();  // the first stretch
  loop_.post([&] { was_through = !order_.empty(); });
  loop_.context().restart();
  loop_.context().run();
  EXPECT_FALSE(was_through);
  EXPECT_EQ(found_, expected_);
}

// What waits when the queue goes, goes with it.
TEST_F(Md5QueueTest, MayBeDestroyedWithItsWaiters) {
  {
    Md5Queue queue;
    start(queue, text_of(0, 10'000), 10'000);
    loop_.context().poll_one();
  }
  EXPECT_TRUE(order_.empty());
}

}  // namespace
}  // namespace shoal::s3
