// Random sequences of operations, compared with the reference model after each.
#include <algorithm>
#include <map>
#include <sstream>

#include "shoal/base/random.h"
#include "shoal/testing/in_memory_store.h"
#include "shoal/testing/matchers.h"
#include "shoal/testing/object_store_contract.h"

namespace shoal::testing {

void link_random_contract() {}

namespace {

/// What must be equal in two stores: neither versions nor times.
ObjectInfo comparable(ObjectInfo info) {
  info.owner = {};  // of what is written here, none is given
  info.version = {};
  info.last_modified = {};
  for (PartInfo& part : info.parts) part.last_modified = {};
  return info;
}

std::string to_text(const ListPage& page) {
  std::ostringstream text;
  for (const ListItem& item : page.items) {
    text << (item.is_prefix ? "prefix " : "object ") << ::testing::PrintToString(item.name) << " " << item.size << " "
         << item.etag << "\n";
  }
  text << (page.truncated ? "more" : "end");
  return text.str();
}

/// Does each operation on the store and on the model, and compares what they say.
class RandomOperations {
 public:
  RandomOperations(StoreFixture& fixture, std::uint64_t seed)
      : fixture_(fixture), promises_(fixture.promises()), random_(seed), salt_(seed) {
    std::erase_if(names_, [&](const std::string& name) { return !fixture.takes_name(name); });
    // One bucket in two comes and goes.
    for (const char* bucket : {"steady", "fickle"}) {
      BucketInfo info;
      info.name = bucket;
      both<void>([&](ObjectStore& s) { return s.create_bucket(info); });
    }
  }

  void step() {
    switch (random_.below(21)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return put();
      case 4:
      case 5:
        return write();
      case 6:
      case 7:
        return remove();
      case 8:
        return update_info();
      case 9:
      case 10:
        return list();
      case 11:
        return create_upload();
      case 12:
      case 13:
        return put_part();
      case 14:
        return end_upload();
      case 15:
        return toggle_bucket();
      case 16:
        return random_.below(4) == 0 ? fixture_.reopen() : void();
      default:
        return read(any_key());
    }
  }

  void read_everything() {
    for (const char* bucket : {"steady", "fickle"}) {
      for (const std::string& name : names_) read({bucket, name});
    }
  }

 private:
  struct Upload {
    UploadKey in_store, in_model;
    std::map<std::uint32_t, PartInfo> parts;
  };

  /// Runs one operation on both; their errors must be equal.
  template <typename T, typename Operation>
  std::pair<Result<T>, Result<T>> both(Operation operation) {
    Result<T> actual = run_task(loop(), operation(store()));
    Result<T> expected = run_task(model_loop_, operation(model_));
    compare_errors(actual, expected);
    return {std::move(actual), std::move(expected)};
  }

  template <typename T>
  void compare_errors(const Result<T>& actual, const Result<T>& expected) {
    ASSERT_EQ(actual.has_value(), expected.has_value()) << (actual ? "worked" : actual.error().message);
    if (!actual) {
      ASSERT_EQ(to_string(actual.error().code), to_string(expected.error().code));
    }
  }

  void compare_written(const std::pair<Result<ObjectInfoPtr>, Result<ObjectInfoPtr>>& results, const ObjectKey& key) {
    const auto& [actual, expected] = results;
    if (!actual || !expected) return;
    EXPECT_EQ(comparable(**actual), comparable(**expected));
    EXPECT_GT((*actual)->version, newest_[key]) << "the version did not grow";
    newest_[key] = (*actual)->version;
  }

  ObjectKey any_key() { return {random_.below(3) == 0 ? "fickle" : "steady", names_[random_.below(names_.size())]}; }

  std::string any_text() {
    static constexpr std::size_t sizes[] = {0, 1, 10, 100, 1'000, 5'000, 70'000};
    std::size_t size = random_.below(60) == 0 ? (2 << 20) + 3 : sizes[random_.below(std::size(sizes))];
    return test_text(size, ++salt_);
  }

  ObjectInfo any_info(const std::string& text) {
    ObjectInfo info;
    info.size = text.size();
    info.etag = test_etag(text);
    if (random_.below(2) == 0) info.user_metadata = {{"salt", std::to_string(++salt_)}};
    if (random_.below(4) == 0) info.tags = {{"salt", std::to_string(++salt_)}};
    return info;
  }

  WriteCondition any_condition(const ObjectKey& key) {
    WriteCondition condition;
    switch (random_.below(8)) {
      case 0:
        condition.if_none_match_any = true;
        break;
      case 1:
        condition.if_match = "*";
        break;
      case 2:
        condition.if_match = "no such etag";
        break;
      case 3:
        condition.if_match = present_etag(key);
        break;
      default:
        break;
    }
    return condition;
  }

  std::string present_etag(const ObjectKey& key) {
    auto info = run_task(model_loop_, model_.stat(key));
    return info && *info ? (**info)->etag : "none";
  }

  void put() {
    ObjectKey key = any_key();
    std::string text = any_text();
    ObjectInfo info = any_info(text);
    WriteCondition condition = any_condition(key);
    compare_written(
        both<ObjectInfoPtr>([&](ObjectStore& s) { return s.put(key, info, Body::copy_of(text), condition); }), key);
  }

  void write() {
    ObjectKey key = any_key();
    std::string text = any_text();
    auto writers = both<std::unique_ptr<ObjectWriter>>([&](ObjectStore& s) { return s.begin_put(key); });
    if (!writers.first || !writers.second) return;
    for (auto [writer, loop] :
         {std::pair(writers.first->get(), &loop()), std::pair(writers.second->get(), &model_loop_)}) {
      EXPECT_THAT(run_task(*loop, writer->write(Body::copy_of(text.substr(0, text.size() / 2)))), IsOk());
      EXPECT_THAT(run_task(*loop, writer->write(Body::copy_of(text.substr(text.size() / 2)))), IsOk());
    }
    if (random_.below(4) == 0) return;  // abandoned
    if (random_.below(3) == 0) put();
    ObjectInfo info = any_info(text);
    WriteCondition condition = any_condition(key);
    std::pair<Result<ObjectInfoPtr>, Result<ObjectInfoPtr>> results{
        run_task(loop(), (*writers.first)->commit(info, condition)),
        run_task(model_loop_, (*writers.second)->commit(info, condition))};
    compare_errors(results.first, results.second);
    compare_written(results, key);
  }

  void remove() {
    ObjectKey key = any_key();
    WriteCondition condition = any_condition(key);
    auto [actual, expected] = both<bool>([&](ObjectStore& s) { return s.remove(key, condition); });
    if (actual && expected && promises_.tells_what_was_removed) {
      EXPECT_EQ(*actual, *expected);
    }
  }

  void update_info() {
    if (!promises_.replaces_headers) return;
    ObjectKey key = any_key();
    ObjectInfo info = any_info("");
    info.etag = random_.below(4) == 0 ? "stale" : present_etag(key);
    compare_written(both<ObjectInfoPtr>([&](ObjectStore& s) { return s.update_info(key, info); }), key);
  }

  void read(ObjectKey key) {
    auto [actual, expected] = both<std::optional<Object>>([&](ObjectStore& s) { return s.get(key); });
    auto [actual_info, expected_info] = both<std::optional<ObjectInfoPtr>>([&](ObjectStore& s) { return s.stat(key); });
    if (!actual || !expected || !actual_info || !expected_info) return;
    ASSERT_EQ(actual->has_value(), expected->has_value()) << key.name;
    ASSERT_EQ(actual_info->has_value(), expected->has_value()) << key.name;
    EXPECT_FALSE(store().is_known_missing(key) && expected->has_value()) << key.name;
    if (!*actual) return;
    EXPECT_EQ(comparable(*(*actual)->info), comparable(*(*expected)->info));
    EXPECT_EQ(*(*actual)->info, ***actual_info);
    EXPECT_TRUE(whole_body(**actual, loop()) == whole_body(**expected, model_loop_)) << key.name;
    if (ObjectInfoPtr described = store().try_stat(key)) {
      EXPECT_EQ(*described, *(*actual)->info);
    }
    if (std::optional<Object> hit = store().try_get(key)) {
      EXPECT_EQ(*hit->info, *(*actual)->info);
    }
  }

  static Body whole_body(const Object& object, boost::asio::io_context& loop) {
    if (object.reader == nullptr) return object.body;
    return run_task(loop, object.reader->read(0, object.info->size)).value();
  }

  void list() {
    static const std::string prefixes[] = {"", "", "a", "a/", "\xff"};
    static const std::string delimiters[] = {"", "/", "//", "b"};
    ListRequest request;
    request.bucket = any_key().bucket;
    request.prefix = prefixes[random_.below(promises_.takes_any_name ? std::size(prefixes) : 4)];
    request.delimiter = delimiters[random_.below(std::size(delimiters))];
    if (random_.below(2) == 0) request.after = any_key().name;
    request.items_max = static_cast<std::uint32_t>(1 + random_.below(8));
    auto [actual, expected] = both<ListPage>([&](ObjectStore& s) { return s.list(request); });
    if (actual && expected) {
      EXPECT_EQ(to_text(*actual), to_text(*expected));
    }
  }

  void create_upload() {
    if (!promises_.takes_small_parts) return;
    ObjectKey key = any_key();
    auto [actual, expected] = both<std::string>([&](ObjectStore& s) { return s.create_upload(key, ObjectInfo()); });
    if (actual && expected) uploads_.push_back({{key, *actual}, {key, *expected}, {}});
  }

  void put_part() {
    if (uploads_.empty()) return;
    Upload& upload = uploads_[random_.below(uploads_.size())];
    std::string text = any_text();
    PartInfo part;
    part.number = static_cast<std::uint32_t>(1 + random_.below(3));
    part.size = text.size();
    part.etag = test_etag(text);
    auto [actual, expected] =
        both<PartInfo>([&](ObjectStore& s) { return s.put_part(id_in(s, upload), part, Body::copy_of(text)); });
    if (actual) upload.parts[part.number] = part;
  }

  void end_upload() {
    if (uploads_.empty()) return;
    std::size_t at = random_.below(uploads_.size());
    Upload& upload = uploads_[at];
    if (upload.parts.empty() || random_.below(4) == 0) {
      both<void>([&](ObjectStore& s) { return s.abort_upload(id_in(s, upload)); });
      uploads_.erase(uploads_.begin() + static_cast<std::ptrdiff_t>(at));
      return;
    }
    ObjectInfo info;
    info.etag = "upload-" + std::to_string(++salt_);
    for (const auto& [number, part] : upload.parts) {
      info.size += part.size;
      info.parts.push_back(part);
    }
    if (random_.below(5) == 0) info.parts.back().etag = "wrong";
    WriteCondition condition = any_condition(upload.in_store.key);
    auto results =
        both<ObjectInfoPtr>([&](ObjectStore& s) { return s.complete_upload(id_in(s, upload), info, condition); });
    compare_written(results, upload.in_store.key);
    if (results.first) uploads_.erase(uploads_.begin() + static_cast<std::ptrdiff_t>(at));
  }

  UploadKey id_in(ObjectStore& asked, const Upload& upload) {
    return &asked == &store() ? upload.in_store : upload.in_model;
  }

  void toggle_bucket() {
    BucketInfo info;
    info.name = "fickle";
    if (random_.below(2) == 0) {
      both<void>([&](ObjectStore& s) { return s.create_bucket(info); });
    } else {
      both<void>([&](ObjectStore& s) { return s.remove_bucket("fickle"); });
    }
  }

  ObjectStore& store() { return fixture_.store(); }
  boost::asio::io_context& loop() { return fixture_.loop(); }

  StoreFixture& fixture_;
  const StoreFixture::Promises promises_;
  InMemoryStore model_;
  boost::asio::io_context model_loop_;
  Random random_;
  std::uint64_t salt_;
  std::vector<std::string> names_ = {"a", "a/", "a/b", "a//b", "b", "\xff", "\xff\xff", std::string("\0", 1)};
  std::vector<Upload> uploads_;
  std::map<ObjectKey, Version> newest_;
};

}  // namespace

TEST_P(ObjectStoreContract, RandomOperationsDoWhatTheModelDoes) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::unique_ptr<StoreFixture> fixture = GetParam()();
    auto operations = std::make_unique<RandomOperations>(*fixture, seed);
    for (int i = 0; i < 400 && !HasFailure(); ++i) {
      SCOPED_TRACE("step " + std::to_string(i));
      operations->step();
    }
    if (!HasFailure()) operations->read_everything();
    if (HasFailure()) return;
  }
}

}  // namespace shoal::testing
