#include "shoal/base/frame_pool.h"

#include <cstdint>
#include <cstring>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "shoal/base/task.h"

namespace shoal {
namespace {

/// Of a thread of its own, which has kept nothing yet.
void in_new_thread(const std::function<void()>& act) { std::thread(act).join(); }

bool is_aligned(void* frame) { return reinterpret_cast<std::uintptr_t>(frame) % __STDCPP_DEFAULT_NEW_ALIGNMENT__ == 0; }

/// With AddressSanitizer nothing is kept.
bool keeps_frames() {
  bool keeps = false;
  in_new_thread([&] {
    FramePool::deallocate(FramePool::allocate(100), 100);
    keeps = FramePool::kept_bytes() > 0;
  });
  return keeps;
}

TEST(FramePoolTest, FramesOfAllSizesAreApartAndAligned) {
  in_new_thread([] {
    std::vector<std::pair<unsigned char*, std::size_t>> frames;
    for (int round = 0; round < 2; ++round) {
      for (std::size_t bytes = 1; bytes < FramePool::frame_bytes_max + 200; bytes += 37) {
        auto* frame = static_cast<unsigned char*>(FramePool::allocate(bytes));
        ASSERT_TRUE(is_aligned(frame));
        std::memset(frame, static_cast<int>(bytes % 251), bytes);
        frames.emplace_back(frame, bytes);
      }
      for (auto [frame, bytes] : frames) {
        for (std::size_t i = 0; i < bytes; ++i) ASSERT_EQ(frame[i], bytes % 251);
        FramePool::deallocate(frame, bytes);
      }
      frames.clear();
    }
  });
}

TEST(FramePoolTest, AFrameThatEndedIsTheNextOneOfItsSize) {
  if (!keeps_frames()) GTEST_SKIP() << "AddressSanitizer wants each frame to be new";
  in_new_thread([] {
    void* frame = FramePool::allocate(300);
    FramePool::deallocate(frame, 300);
    EXPECT_EQ(FramePool::kept_bytes(), 320u);
    void* larger = FramePool::allocate(321);
    EXPECT_NE(larger, frame);
    EXPECT_EQ(FramePool::allocate(290), frame);
    EXPECT_EQ(FramePool::kept_bytes(), 0u);
    FramePool::deallocate(frame, 290);
    FramePool::deallocate(larger, 321);
  });
}

TEST(FramePoolTest, NoMoreIsKeptThanAllowed) {
  in_new_thread([] {
    std::vector<void*> frames;
    for (std::size_t bytes = 0; bytes < 2 * FramePool::kept_bytes_max; bytes += 4096) {
      frames.push_back(FramePool::allocate(4096));
    }
    for (void* frame : frames) FramePool::deallocate(frame, 4096);
    EXPECT_LE(FramePool::kept_bytes(), FramePool::kept_bytes_max);
  });
}

TEST(FramePoolTest, FramesLargerThanAnyKeptAreGivenBackAtOnce) {
  in_new_thread([] {
    FramePool::deallocate(FramePool::allocate(FramePool::frame_bytes_max + 1), FramePool::frame_bytes_max + 1);
    EXPECT_EQ(FramePool::kept_bytes(), 0u);
  });
}

TEST(FramePoolTest, AFrameMayEndOnAnotherThread) {
  void* frame = nullptr;
  in_new_thread([&] { frame = FramePool::allocate(200); });
  in_new_thread([&] {
    std::memset(frame, 1, 200);
    FramePool::deallocate(frame, 200);
    EXPECT_EQ(FramePool::kept_bytes() > 0, keeps_frames());
  });
}

Task<int> count_down(int n) {
  if (n == 0) co_return 0;
  co_return 1 + co_await count_down(n - 1);
}

TEST(FramePoolTest, CoroutinesTakeTheirFramesFromIt) {
  if (!keeps_frames()) GTEST_SKIP() << "AddressSanitizer wants each frame to be new";
  in_new_thread([] {
    boost::asio::io_context context;
    int counted = 0;
    auto run = [&]() -> Task<void> { counted = co_await count_down(50); };
    boost::asio::co_spawn(context, run, boost::asio::detached);
    context.run();
    EXPECT_EQ(counted, 50);
    EXPECT_GE(FramePool::kept_bytes(), 50 * 64u);
  });
}

}  // namespace
}  // namespace shoal
