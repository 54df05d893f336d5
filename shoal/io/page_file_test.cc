#include "shoal/io/page_file.h"

#include <array>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shoal/io/file_descriptor.h"

namespace shoal::io {
namespace {

/// A connection over the loopback device.
struct Connection {
  Connection() {
    FileDescriptor listening(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    EXPECT_EQ(::bind(listening.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
    EXPECT_EQ(::listen(listening.get(), 1), 0);
    EXPECT_EQ(::getsockname(listening.get(), reinterpret_cast<sockaddr*>(&address), &length), 0);
    sender = FileDescriptor(::socket(AF_INET, SOCK_STREAM, 0));
    EXPECT_EQ(::connect(sender.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
    receiver = FileDescriptor(::accept(listening.get(), nullptr, nullptr));
  }
  std::string receive(std::size_t bytes) const {
    std::string received(bytes, '\0');
    EXPECT_EQ(::recv(receiver.get(), received.data(), bytes, MSG_WAITALL), static_cast<ssize_t>(bytes));
    return received;
  }

  FileDescriptor sender;
  FileDescriptor receiver;
};

class PageFileTest : public ::testing::Test {
 protected:
  ByteSpan store(std::string_view text) { return store(*file_, text); }
  static ByteSpan store(PageFile& file, std::string_view text) {
    ByteSpan piece = as_bytes(text);
    return file.store({&piece, 1});
  }
  /// What the system finds where the bytes are said to be.
  std::string in_file(ByteSpan stored) {
    FilePlace place = file_->place_of(stored.data());
    std::string text(stored.size(), '\0');
    EXPECT_EQ(::pread(place.descriptor, text.data(), text.size(), static_cast<off_t>(place.offset)),
              static_cast<ssize_t>(text.size()));
    return text;
  }

  std::unique_ptr<PageFile> file_ = PageFile::create(256_MiB).value();
};

TEST_F(PageFileTest, PiecesLieOneBehindTheOtherInMemoryAndInTheFile) {
  std::vector<std::string> texts(150, std::string(1'000, 'a'));
  texts.push_back("");
  texts.emplace_back(5'000, 'b');
  std::vector<ByteSpan> pieces;
  std::string all;
  for (const std::string& text : texts) {
    pieces.push_back(as_bytes(text));
    all += text;
  }
  ByteSpan stored = file_->store(pieces);
  EXPECT_EQ(as_text(stored), all);
  EXPECT_EQ(in_file(stored), all);
  EXPECT_EQ(in_file(stored.subspan(149'990, 20)), all.substr(149'990, 20));
  file_->discard(stored);
}

TEST_F(PageFileTest, TakesWholePagesAndGivesThemBack) {
  EXPECT_EQ(file_->bytes_in_memory(), 0U);
  ByteSpan first = store(std::string(10'000, 'a'));
  EXPECT_EQ(file_->bytes_in_memory(), 12_KiB);
  EXPECT_EQ(file_->bytes_taken(10'000), 12_KiB);
  ByteSpan second = store("b");
  EXPECT_EQ(file_->bytes_in_memory(), 16_KiB);
  file_->discard(first);
  EXPECT_EQ(file_->bytes_in_memory(), 4_KiB);
  file_->discard(second);
  EXPECT_EQ(file_->bytes_in_memory(), 0U);
}

TEST_F(PageFileTest, RoomsAreUsedAgain) {
  const std::byte* place = store(std::string(65'000, 'a')).data();
  file_->discard({place, 65'000});
  ByteSpan next = store(std::string(60'000, 'b'));
  EXPECT_EQ(next.data(), place);
  EXPECT_EQ(as_text(next), std::string(60'000, 'b'));
  file_->discard(next);
}

TEST_F(PageFileTest, WhatWasSentArrivesAsItWasWhenItsPlaceHoldsSomethingElse) {
  const Connection connection;
  std::string sent(64'000, 'a');
  ByteSpan stored = store(sent);
  FilePlace place = file_->place_of(stored.data());
  auto offset = static_cast<off_t>(place.offset);
  ASSERT_EQ(::sendfile(connection.sender.get(), place.descriptor, &offset, sent.size()), 64'000);
  file_->discard(stored);
  ByteSpan next = store(std::string(64'000, 'b'));
  ASSERT_EQ(next.data(), stored.data());
  EXPECT_EQ(connection.receive(sent.size()), sent);
  file_->discard(next);
}

TEST_F(PageFileTest, HoldsManySizesAtATimeInAsManyPagesAsTheyNeed) {
  std::mt19937 random(1);
  std::vector<std::pair<ByteSpan, char>> stored;
  std::uint64_t taken = 0;
  auto discard = [&](std::size_t i) {
    auto [bytes, letter] = stored[i];
    EXPECT_EQ(as_text(bytes), std::string(bytes.size(), letter));
    taken -= file_->bytes_taken(bytes.size());
    file_->discard(bytes);
    stored[i] = stored.back();
    stored.pop_back();
  };
  for (int i = 0; i < 2'000; ++i) {
    std::size_t size = 1 + random() % (1 << (3 + random() % 15));
    char letter = static_cast<char>('a' + random() % 26);
    stored.emplace_back(store(std::string(size, letter)), letter);
    taken += file_->bytes_taken(size);
    if (stored.size() > 50) discard(random() % stored.size());
    ASSERT_EQ(file_->bytes_in_memory(), taken);
  }
  while (!stored.empty()) discard(0);
  EXPECT_EQ(file_->bytes_in_memory(), 0U);
}

TEST(PageFileRoomTest, StoresNothingWhenThereIsNoRoom) {
  auto file = PageFile::create(64_KiB).value();
  std::string text(40'000, 'a');
  std::string small(16'000, 'b');
  std::array<ByteSpan, 2> pieces = {as_bytes(text), as_bytes(small)};
  std::span<const ByteSpan> large(&pieces[0], 1);
  ByteSpan stored = file->store(large);
  EXPECT_FALSE(stored.empty());
  EXPECT_TRUE(file->store(large).empty());
  EXPECT_FALSE(file->store({&pieces[1], 1}).empty());
  file->discard(stored);
  EXPECT_FALSE(file->store(large).empty());
}

TEST(PageFileRoomTest, IsRefusedWhereFilesMayNotBeSoLong) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit shorter = before;
  shorter.rlim_cur = 1_MiB;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &shorter), 0);
  auto refused = PageFile::create(2_MiB);
  EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::not_supported);
}

TEST_F(PageFileTest, ManyThreadsStoreAndDiscard) {
  std::vector<std::thread> threads;
  for (char letter = 'a'; letter < 'e'; ++letter) {
    threads.emplace_back([this, letter] {
      for (std::size_t i = 1; i < 500; ++i) {
        std::string text(1 + i * 7'919 % 50'000, letter);
        ByteSpan stored = store(text);
        EXPECT_EQ(as_text(stored), text);
        file_->discard(stored);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(file_->bytes_in_memory(), 0U);
}

TEST(PageFileSettingTest, TellsWhetherFilesHaveHugePagesUnasked) {
  EXPECT_FALSE(has_huge_pages_in_files("always within_size advise [never] deny force\n"));
  EXPECT_FALSE(has_huge_pages_in_files("always within_size [advise] never deny force\n"));
  EXPECT_FALSE(has_huge_pages_in_files("always within_size advise never [deny] force\n"));
  EXPECT_FALSE(has_huge_pages_in_files(""));
  EXPECT_TRUE(has_huge_pages_in_files("[always] within_size advise never deny force\n"));
  EXPECT_TRUE(has_huge_pages_in_files("always [within_size] advise never deny force\n"));
  EXPECT_TRUE(has_huge_pages_in_files("always within_size advise never deny [force]\n"));
}

}  // namespace
}  // namespace shoal::io
