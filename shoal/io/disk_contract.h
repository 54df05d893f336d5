#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shoal/io/disk.h"
#include "shoal/io/event_loop.h"
#include "shoal/io/gate.h"
#include "shoal/io/run_blocking.h"

/// What every Disk must do; real and simulated ones run the same tests. A test file includes this once and instantiates
/// DiskContract with its disks.
namespace shoal::io {

/// A disk, the loop that it belongs to, and an empty directory on it.
struct DiskUnderTest {
  virtual ~DiskUnderTest() = default;
  virtual EventLoop& loop() = 0;
  virtual Disk& disk() = 0;
  virtual std::string directory() = 0;
};

struct DiskContractParam {
  std::string name;
  std::function<std::unique_ptr<DiskUnderTest>()> make;
};

class DiskContract : public testing::TestWithParam<DiskContractParam> {
 protected:
  Disk& disk() { return under_test_->disk(); }
  std::string path(std::string_view name) { return under_test_->directory() + "/" + std::string(name); }

  template <typename T>
  T run(Task<T> task) {
    return run_blocking(under_test_->loop(), std::move(task));
  }
  /// The value of an operation that must succeed.
  template <typename T>
  T must(Task<Result<T>> task) {
    Result<T> result = run(std::move(task));
    if (!result) {
      ADD_FAILURE() << to_string(result.error().code) << ": " << result.error().message;
      std::abort();
    }
    if constexpr (!std::is_void_v<T>) return *std::move(result);
  }
  template <typename T>
  ErrorCode error(Task<Result<T>> task) {
    Result<T> result = run(std::move(task));
    EXPECT_FALSE(result.has_value());
    return result ? ErrorCode::internal : result.error().code;
  }

  static OpenOptions mode(OpenMode open_mode) {
    OpenOptions options;
    options.mode = open_mode;
    return options;
  }
  std::unique_ptr<File> create(std::string_view name) { return must(disk().open(path(name), mode(OpenMode::create))); }
  std::unique_ptr<File> create(std::string_view name, std::string_view content) {
    std::unique_ptr<File> file = create(name);
    write(*file, 0, content);
    return file;
  }
  void write(File& file, std::uint64_t offset, std::string_view text) {
    must(file.write(offset, std::vector<ByteSpan>(1, as_bytes(text))));
  }
  std::string read(File& file, std::uint64_t offset, std::size_t length) {
    std::string text(length, '?');
    text.resize(must(file.read(offset, std::as_writable_bytes(std::span(text)))));
    return text;
  }
  std::string content(std::string_view name) {
    std::unique_ptr<File> file = must(disk().open(path(name), OpenOptions{}));
    return read(*file, 0, must(file->size()) + 1);
  }
  /// Bytes that differ from place to place.
  static std::string pattern(std::size_t length) {
    std::string text(length, ' ');
    for (std::size_t i = 0; i < length; ++i) text[i] = static_cast<char>((i * 31 + i / 251) & 0xFF);
    return text;
  }

  std::unique_ptr<DiskUnderTest> under_test_ = GetParam().make();
};

TEST_P(DiskContract, ReadsBackWhatWasWritten) {
  std::unique_ptr<File> file = create("file");
  write(*file, 0, "hello world");
  write(*file, 6, "there");
  EXPECT_EQ(read(*file, 0, 11), "hello there");
  EXPECT_EQ(read(*file, 4, 3), "o t");
  EXPECT_EQ(must(file->size()), 11U);
}

TEST_P(DiskContract, GathersPiecesInOrder) {
  std::unique_ptr<File> file = create("file");
  std::vector<ByteSpan> pieces = {as_bytes("one "), as_bytes(""), as_bytes("two "), as_bytes("three")};
  must(file->write(2, std::move(pieces)));
  EXPECT_EQ(read(*file, 2, 100), "one two three");
}

TEST_P(DiskContract, GathersMorePiecesThanOneSystemCallTakes) {
  std::unique_ptr<File> file = create("file");
  std::string text = pattern(5000);
  std::vector<ByteSpan> pieces;
  for (std::size_t i = 0; i < text.size(); ++i) pieces.push_back(as_bytes(text).subspan(i, 1));
  must(file->write(0, std::move(pieces)));
  EXPECT_EQ(content("file"), text);
}

TEST_P(DiskContract, WritesDurably) {
  std::unique_ptr<File> file = create("file", "0123456789");
  std::vector<ByteSpan> pieces = {as_bytes("one "), as_bytes(""), as_bytes("two")};
  must(file->write_durably(8, std::move(pieces)));
  EXPECT_EQ(content("file"), "01234567one two");

  std::string text = pattern(5000);  // more pieces than one system call takes
  for (std::size_t i = 0; i < text.size(); ++i) pieces.push_back(as_bytes(text).subspan(i, 1));
  must(file->write_durably(0, std::move(pieces)));
  EXPECT_EQ(content("file"), text);
  must(file->write_durably(7, std::vector<ByteSpan>()));
  EXPECT_EQ(content("file"), text);
}

// Some of these leave nothing in the page cache, not even the beginning of the block that the next one goes on with.
TEST_P(DiskContract, WritesDurablyFromWhereTheWriteBeforeEnded) {
  std::unique_ptr<File> file = create("file");
  const std::string text = pattern(2 << 20);
  std::string_view rest = text;
  for (std::size_t bytes : {100, 1 << 20, 5, 300'000, 4'096, 700'000}) {
    std::vector<ByteSpan> pieces(1, as_bytes(rest.substr(0, bytes)));
    must(file->write_durably(text.size() - rest.size(), std::move(pieces)));
    rest.remove_prefix(bytes);
    ASSERT_EQ(content("file"), text.substr(0, text.size() - rest.size())) << "after " << bytes;
  }
}

TEST_P(DiskContract, WritesNothingAtAll) {
  std::unique_ptr<File> file = create("file");
  must(file->write(7, std::vector<ByteSpan>()));
  EXPECT_EQ(must(file->size()), 0U);
  EXPECT_EQ(read(*file, 0, 0), "");
}

TEST_P(DiskContract, ReadIsShortOnlyAtTheEnd) {
  std::unique_ptr<File> file = create("file", "0123456789");
  EXPECT_EQ(read(*file, 8, 10), "89");
  EXPECT_EQ(read(*file, 10, 10), "");
  EXPECT_EQ(read(*file, 1000, 10), "");
}

TEST_P(DiskContract, GapReadsAsZeros) {
  std::unique_ptr<File> file = create("file");
  write(*file, 5000, "x");
  EXPECT_EQ(read(*file, 0, 5001), std::string(5000, '\0') + "x");
}

TEST_P(DiskContract, TruncateCutsAndExtends) {
  std::unique_ptr<File> file = create("file", "0123456789");
  must(file->truncate(4));
  EXPECT_EQ(read(*file, 0, 100), "0123");
  must(file->truncate(6));
  EXPECT_EQ(read(*file, 0, 100), std::string("0123\0\0", 6));
}

TEST_P(DiskContract, PreallocateKeepsTheSize) {
  std::unique_ptr<File> file = create("file", "text");
  must(file->preallocate(0, 1_MiB));
  EXPECT_EQ(must(file->size()), 4U);
  write(*file, 4, "book");
  EXPECT_EQ(content("file"), "textbook");
  must(file->truncate(8));
  must(file->sync_data());
}

TEST_P(DiskContract, DirectReadsTakeAnyOffsetAndLength) {
  std::string text = pattern(3 * direct_alignment + 777);
  std::unique_ptr<File> writer = create("file", text);
  OpenOptions options;
  options.direct_reads = true;
  std::unique_ptr<File> file = must(disk().open(path("file"), options));
  for (std::size_t offset :
       {0UL, 1UL, 511UL, 4095UL, 4096UL, 4097UL, 8192UL, 12288UL, 13000UL, 13064UL, 13065UL, 20000UL}) {
    for (std::size_t length : {0UL, 1UL, 512UL, 4095UL, 4096UL, 4097UL, 8192UL, 13065UL, 100000UL}) {
      std::string expected = offset < text.size() ? text.substr(offset, length) : "";
      EXPECT_EQ(read(*file, offset, length), expected) << offset << " " << length;
    }
  }
}

TEST_P(DiskContract, DirectReadsSeeEveryEarlierWrite) {
  OpenOptions options = mode(OpenMode::create);
  options.direct_reads = true;
  std::unique_ptr<File> file = must(disk().open(path("file"), options));
  std::string text = pattern(20000);
  for (std::size_t at = 0; at < text.size(); at += 1000) {
    write(*file, at, std::string_view(text).substr(at, 1000));
    EXPECT_EQ(read(*file, at, 1000), text.substr(at, 1000));
  }
}

TEST_P(DiskContract, AlignedDirectReadsFillAlignedMemory) {
  std::string text = pattern(2 * direct_alignment);
  std::unique_ptr<File> writer = create("file", text);
  OpenOptions options;
  options.direct_reads = true;
  std::unique_ptr<File> file = must(disk().open(path("file"), options));
  alignas(direct_alignment) static std::byte memory[3 * direct_alignment];
  EXPECT_EQ(must(file->read(0, memory)), text.size());
  EXPECT_EQ(as_text(ByteSpan(memory).first(text.size())), text);
}

TEST_P(DiskContract, OpenModesSayWhatMustExist) {
  EXPECT_EQ(error(disk().open(path("file"), mode(OpenMode::read))), ErrorCode::no_such_file);
  EXPECT_EQ(error(disk().open(path("file"), mode(OpenMode::read_write))), ErrorCode::no_such_file);
  EXPECT_EQ(error(disk().open(path("no/file"), mode(OpenMode::create))), ErrorCode::no_such_file);
  must(disk().open(path("file"), mode(OpenMode::create_exclusively)));
  EXPECT_EQ(error(disk().open(path("file"), mode(OpenMode::create_exclusively))), ErrorCode::file_exists);
  must(disk().open(path("file"), mode(OpenMode::create)));
  must(disk().open(path("file"), mode(OpenMode::read_write)));
}

TEST_P(DiskContract, CreateKeepsTheContentOfAnExistingFile) {
  create("file", "kept");
  create("file");
  EXPECT_EQ(content("file"), "kept");
}

TEST_P(DiskContract, ReadOnlyFileRefusesWritesAndNamesThePath) {
  create("file", "kept");
  std::unique_ptr<File> file = must(disk().open(path("file"), OpenOptions{}));
  Result<void> result = run(file->write(0, std::vector<ByteSpan>(1, as_bytes("lost"))));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::io_error);
  EXPECT_THAT(result.error().message, testing::HasSubstr(path("file")));
  EXPECT_EQ(error(file->truncate(0)), ErrorCode::io_error);
  EXPECT_EQ(content("file"), "kept");
}

TEST_P(DiskContract, ListsNamesInOrder) {
  for (std::string_view name : {"b", "a", "c.x", "c"}) create(name);
  must(disk().create_directory(path("d")));
  create("d/inner");
  EXPECT_THAT(must(disk().list(under_test_->directory())), testing::ElementsAre("a", "b", "c", "c.x", "d"));
  EXPECT_THAT(must(disk().list(path("d"))), testing::ElementsAre("inner"));
  EXPECT_EQ(error(disk().list(path("missing"))), ErrorCode::no_such_file);
}

TEST_P(DiskContract, RenameReplaces) {
  create("old", "new content");
  create("target", "old content");
  must(disk().rename(path("old"), path("target")));
  EXPECT_EQ(content("target"), "new content");
  EXPECT_THAT(must(disk().list(under_test_->directory())), testing::ElementsAre("target"));
  EXPECT_EQ(error(disk().rename(path("old"), path("other"))), ErrorCode::no_such_file);
}

TEST_P(DiskContract, RemovedFileStaysReadableUntilClosed) {
  std::unique_ptr<File> file = create("file", "still here");
  must(disk().remove(path("file")));
  EXPECT_EQ(read(*file, 0, 100), "still here");
  EXPECT_EQ(error(disk().remove(path("file"))), ErrorCode::no_such_file);
}

TEST_P(DiskContract, DirectoriesAreMadeOnceAndRemovedEmpty) {
  must(disk().create_directory(path("d")));
  EXPECT_EQ(error(disk().create_directory(path("d"))), ErrorCode::file_exists);
  EXPECT_EQ(error(disk().create_directory(path("x/y"))), ErrorCode::no_such_file);
  create("d/file");
  EXPECT_EQ(error(disk().remove(path("d"))), ErrorCode::conflict);
  must(disk().remove(path("d/file")));
  must(disk().remove(path("d")));
  EXPECT_EQ(error(disk().list(path("d"))), ErrorCode::no_such_file);
}

TEST_P(DiskContract, SyncsFilesAndDirectories) {
  std::unique_ptr<File> file = create("file", "safe");
  must(file->sync_data());
  must(disk().sync_directory(under_test_->directory()));
  EXPECT_EQ(error(disk().sync_directory(path("missing"))), ErrorCode::no_such_file);
}

TEST_P(DiskContract, LockIsHeldByOneOnly) {
  std::unique_ptr<DiskLock> lock = must(disk().lock(path("LOCK")));
  EXPECT_EQ(error(disk().lock(path("LOCK"))), ErrorCode::conflict);
  must(disk().lock(path("OTHER")));
  lock.reset();
  must(disk().lock(path("LOCK")));
}

TEST_P(DiskContract, KnowsTheFreeSpace) {
  EXPECT_GT(must(disk().free_bytes(under_test_->directory())), 0U);
  EXPECT_EQ(error(disk().free_bytes(path("missing"))), ErrorCode::no_such_file);
}

TEST_P(DiskContract, ReplacesAFileAtOnce) {
  auto bytes = [](std::string_view text) {
    return std::vector<std::byte>(as_bytes(text).begin(), as_bytes(text).end());
  };
  create("file.new", "a leftover that is longer than the rest");
  must(replace_file(&disk(), path("file"), bytes("first"), 0600));
  EXPECT_EQ(content("file"), "first");
  must(replace_file(&disk(), path("file"), bytes("second"), 0600));
  EXPECT_EQ(must(read_file(&disk(), path("file"), 6)), bytes("second"));
  EXPECT_EQ(error(read_file(&disk(), path("file"), 5)), ErrorCode::too_large);
  EXPECT_THAT(must(disk().list(under_test_->directory())), testing::ElementsAre("file"));
}

namespace contract_internal {

inline Task<void> write_and_check(File* file, std::uint64_t offset, std::string text,
                                  [[maybe_unused]] Gate::Pass pass) {
  Result<void> written = co_await file->write(offset, std::vector<ByteSpan>(1, as_bytes(text)));
  EXPECT_TRUE(written.has_value());
  std::string back(text.size(), '?');
  Result<std::size_t> got = co_await file->read(offset, std::as_writable_bytes(std::span(back)));
  EXPECT_TRUE(got.has_value());
  EXPECT_EQ(back, text);
}

/// Many more operations at the same time than a device queue takes.
inline Task<void> write_everywhere(EventLoop* loop, File* file, std::string text, std::size_t piece) {
  Gate gate;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    spawn(*loop, write_and_check(file, at, text.substr(at, piece), *gate.enter()));
  }
  co_await gate.close();
}

inline Task<void> read_into([[maybe_unused]] std::shared_ptr<std::string> memory, Task<Result<std::size_t>> reading,
                            std::size_t* bytes, [[maybe_unused]] Gate::Pass pass) {
  Result<std::size_t> got = co_await std::move(reading);
  EXPECT_TRUE(got.has_value());
  *bytes += got.value_or(0);
}

/// Destroys the file while the reads that it began are running.
inline Task<std::size_t> close_while_reading(EventLoop* loop, std::unique_ptr<File> file, std::size_t length) {
  Gate gate;
  std::size_t bytes = 0;
  for (int i = 0; i < 50; ++i) {
    auto memory = std::make_shared<std::string>(length, '?');
    Task<Result<std::size_t>> reading = file->read(0, std::as_writable_bytes(std::span(*memory)));
    spawn(*loop, read_into(memory, std::move(reading), &bytes, *gate.enter()));
  }
  file.reset();
  co_await gate.close();
  co_return bytes;
}

}  // namespace contract_internal

TEST_P(DiskContract, RunsManyOperationsAtTheSameTime) {
  std::unique_ptr<File> file = create("file");
  std::string text = pattern(1000 * 64);
  run(contract_internal::write_everywhere(&under_test_->loop(), file.get(), text, 64));
  EXPECT_EQ(content("file"), text);
}

TEST_P(DiskContract, FileClosesAfterItsRunningOperations) {
  std::unique_ptr<File> file = create("file", pattern(1000));
  EXPECT_EQ(run(contract_internal::close_while_reading(&under_test_->loop(), std::move(file), 1000)), 50'000U);
}

}  // namespace shoal::io
