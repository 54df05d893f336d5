#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>

#include "shoal/base/text.h"
#include "shoal/model/object_store.h"
#include "shoal/testing/run_task.h"

namespace shoal::testing {

/// What the contract needs of the implementation under test. One is made for each test, with nothing stored.
class StoreFixture {
 public:
  virtual ~StoreFixture() = default;
  /// The loop that the store belongs to; the contract runs it.
  virtual boost::asio::io_context& loop() = 0;
  virtual ObjectStore& store() = 0;
  /// Closes the store and opens it again on the same data. A store that keeps nothing leaves it as it is.
  virtual void reopen() {}

  /// What a store over a foreign protocol cannot promise, because that has no words for it. All others promise all.
  struct Promises {
    bool keeps_owners = true;            ///< of objects and buckets
    bool keeps_bucket_settings = true;   ///< documents, and update_bucket()
    bool replaces_headers = true;        ///< update_info() of more than tags
    bool keeps_old_versions = true;      ///< for those who are reading them
    bool tells_what_was_removed = true;  ///< remove() knows whether there was an object
    bool takes_any_name = true;          ///< not only those of UTF-8 without NUL
    bool takes_small_parts = true;       ///< of uploads: below the 5 MiB of S3, and with what is attached to uploads
  };
  virtual Promises promises() { return {}; }
  bool takes_name(std::string_view name) {
    return promises().takes_any_name || (is_utf8(name) && name.find('\0') == std::string_view::npos);
  }
};

using StoreFactory = std::function<std::unique_ptr<StoreFixture>()>;

/// The tests that every ObjectStore passes: what object_store.h and list.h promise, statement by statement, and random
/// sequences of operations compared with InMemoryStore. The tests themselves are in object_store_contract_*.cc.
class ObjectStoreContract : public ::testing::TestWithParam<StoreFactory> {
 protected:
  static constexpr std::string_view bucket = "bucket";

  ObjectStoreContract();  // with an empty bucket of that name

  ObjectStore& store() { return fixture_->store(); }
  StoreFixture::Promises promises() { return fixture_->promises(); }
  bool takes_name(std::string_view name) { return fixture_->takes_name(name); }
  void reopen() { fixture_->reopen(); }
  template <typename T>
  T run(Task<T> task) {
    return run_task(fixture_->loop(), std::move(task));
  }

  // Operations on the bucket, with texts for bodies.
  Result<ObjectInfoPtr> put(std::string_view name, std::string_view text, WriteCondition condition = {});
  Result<ObjectInfoPtr> put_through_writer(std::string_view name, const std::vector<std::string>& pieces,
                                           WriteCondition condition = {});
  Result<bool> remove(std::string_view name, WriteCondition condition = {});
  /// The body of an object, nothing if there is none. Fails the test on an error.
  std::optional<std::string> get(std::string_view name);
  std::optional<Object> get_object(std::string_view name);
  ObjectInfoPtr stat(std::string_view name);
  std::string read_all(const Object& object, std::uint64_t piece_bytes = 1 << 20);
  /// Names of a listing in order.
  std::vector<std::string> list(ListRequest request);
  ListPage list_page(ListRequest request);
  ListRequest list_request(std::string prefix = {}, std::string delimiter = {}, std::string after = {},
                           std::uint32_t items_max = 1000);

  // Uploads in parts.
  UploadKey create_upload(std::string_view name);
  Result<PartInfo> put_part(const UploadKey& upload, std::uint32_t number, std::string_view text);
  Result<ObjectInfoPtr> complete(const UploadKey& upload, std::vector<PartInfo> parts, WriteCondition condition = {});

  /// What remove() says where there was nothing.
  ::testing::Matcher<bool> removed_nothing();

  static ObjectKey key(std::string_view name) { return {std::string(bucket), std::string(name)}; }
  static ObjectInfo info_of(std::string_view text);
  static WriteCondition if_match(std::string etag);
  static WriteCondition if_absent();

 private:
  std::unique_ptr<StoreFixture> fixture_;
};

/// The same factory; using it links the tests of the contract into the program.
StoreFactory object_store_contract(StoreFactory factory);

/// What the ETag of such a body is: its MD5, since some stores look.
std::string test_etag(std::string_view text);
/// `size` bytes that look random and differ by seed.
std::string test_text(std::size_t size, std::uint64_t seed = 1);

}  // namespace shoal::testing

/// Runs the contract over an implementation, as tests "NAME/ObjectStoreContract.…". At namespace shoal::testing or any
/// other, in a *_test.cc:  SHOAL_TEST_OBJECT_STORE_CONTRACT(LogStore, [] { return std::make_unique<MyFixture>(); });
#define SHOAL_TEST_OBJECT_STORE_CONTRACT(name, ...)   \
  using ::shoal::testing::ObjectStoreContract;        \
  INSTANTIATE_TEST_SUITE_P(name, ObjectStoreContract, \
                           ::testing::Values(::shoal::testing::object_store_contract(__VA_ARGS__)))
