#include "shoal/storage/extent_reader.h"

#include <gtest/gtest.h>

#include "shoal/storage/log_engine_test.h"
#include "shoal/testing/matchers.h"

namespace shoal::storage {
namespace {

using testing::IsOk;

LogEngineOptions extents_of_several_blocks() {
  LogEngineOptions options = TestEngine::small_options();
  options.segment_bytes = 4_MiB;
  options.extent_bytes_max = 4 * body_block_bytes;
  return options;
}

std::string text_of(std::size_t bytes) {
  std::string text;
  while (text.size() < bytes) text += std::to_string(text.size()) + ' ';
  text.resize(bytes);
  return text;
}

TEST(ExtentReaderTest, OverlappingReadsVerifyAgainstTheirOwnExtents) {
  TestEngine engine(1, extents_of_several_blocks());
  ASSERT_THAT(engine.open(), IsOk());
  ASSERT_THAT(engine.make_bucket("bucket"), IsOk());
  ObjectKey key{"bucket", "large"};
  std::string text = text_of(12 * body_block_bytes);
  auto writer = engine.run(engine.store().begin_put(key));
  ASSERT_THAT(writer, IsOk());
  ASSERT_THAT(engine.run((*writer)->write(Body::copy_of(text))), IsOk());
  ASSERT_THAT(engine.run((*writer)->commit(TestEngine::info_of(text), WriteCondition())), IsOk());

  auto object = engine.run(engine.store().get(key));
  ASSERT_THAT(object, IsOk());
  BodyReader& reader = *(*object)->reader;
  for (int round = 0; round < 3; ++round) {
    std::vector<testing::Running<Result<Body>>> reads;
    for (std::size_t at = 0; at < text.size(); at += body_block_bytes) {
      reads.push_back(engine.start(reader.read(at, body_block_bytes)));
    }
    engine.drain_loops();
    for (std::size_t i = 0; i < reads.size(); ++i) {
      Result<Body> piece = reads[i].result();
      ASSERT_THAT(piece, IsOk()) << "block " << i;
      EXPECT_TRUE(piece->to_string() == text.substr(i * body_block_bytes, body_block_bytes)) << "block " << i;
    }
  }
}

}  // namespace
}  // namespace shoal::storage
