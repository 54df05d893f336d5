#include "shoal/testing/object_store_contract.h"

#include <algorithm>
#include <utility>

#include <openssl/evp.h>

#include "shoal/base/check.h"
#include "shoal/base/random.h"
#include "shoal/base/text.h"
#include "shoal/testing/matchers.h"

namespace shoal::testing {

// One in each file of tests: a static library gives a program only the files that it names something of.
void link_bucket_contract();
void link_list_contract();
void link_object_contract();
void link_random_contract();
void link_upload_contract();

StoreFactory object_store_contract(StoreFactory factory) {
  link_bucket_contract();
  link_list_contract();
  link_object_contract();
  link_random_contract();
  link_upload_contract();
  return factory;
}

std::string test_etag(std::string_view text) {
  std::byte bytes[16] = {};
  CHECK(EVP_Q_digest(nullptr, "MD5", nullptr, text.data(), text.size(), reinterpret_cast<unsigned char*>(bytes),
                     nullptr) == 1);
  return to_hex(bytes);
}

std::string test_text(std::size_t size, std::uint64_t seed) {
  std::string text(size, '\0');
  Random random(seed);
  random.fill({reinterpret_cast<std::byte*>(text.data()), text.size()});
  return text;
}

// A program may link this library for its other parts.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ObjectStoreContract);

ObjectStoreContract::ObjectStoreContract() : fixture_(GetParam()()) {
  BucketInfo info;
  info.name = bucket;
  info.owner = "owner";
  EXPECT_THAT(run(store().create_bucket(std::move(info))), IsOk());
}

ObjectInfo ObjectStoreContract::info_of(std::string_view text) {
  ObjectInfo info;
  info.size = text.size();
  info.etag = test_etag(text);
  return info;
}

WriteCondition ObjectStoreContract::if_match(std::string etag) {
  WriteCondition condition;
  condition.if_match = std::move(etag);
  return condition;
}

WriteCondition ObjectStoreContract::if_absent() {
  WriteCondition condition;
  condition.if_none_match_any = true;
  return condition;
}

Result<ObjectInfoPtr> ObjectStoreContract::put(std::string_view name, std::string_view text, WriteCondition condition) {
  return run(store().put(key(name), info_of(text), Body::copy_of(text), std::move(condition)));
}

Result<ObjectInfoPtr> ObjectStoreContract::put_through_writer(std::string_view name,
                                                              const std::vector<std::string>& pieces,
                                                              WriteCondition condition) {
  TRY_ASSIGN(std::unique_ptr<ObjectWriter> writer, run(store().begin_put(key(name))));
  std::string text;
  for (const std::string& piece : pieces) {
    TRY(run(writer->write(Body::copy_of(piece))));
    text += piece;
  }
  return run(writer->commit(info_of(text), std::move(condition)));
}

Result<bool> ObjectStoreContract::remove(std::string_view name, WriteCondition condition) {
  return run(store().remove(key(name), std::move(condition)));
}

::testing::Matcher<bool> ObjectStoreContract::removed_nothing() {
  if (promises().tells_what_was_removed) return ::testing::Eq(false);
  return ::testing::_;
}

std::optional<Object> ObjectStoreContract::get_object(std::string_view name) {
  Result<std::optional<Object>> object = run(store().get(key(name)));
  EXPECT_THAT(object, IsOk());
  return object ? *std::move(object) : std::nullopt;
}

std::optional<std::string> ObjectStoreContract::get(std::string_view name) {
  std::optional<Object> object = get_object(name);
  if (!object) return std::nullopt;
  return read_all(*object);
}

std::string ObjectStoreContract::read_all(const Object& object, std::uint64_t piece_bytes) {
  if (object.reader == nullptr) {
    EXPECT_EQ(object.body.size(), object.info->size);
    return object.body.to_string();
  }
  std::string text;
  while (text.size() < object.info->size) {
    std::uint64_t length = std::min<std::uint64_t>(piece_bytes, object.info->size - text.size());
    Result<Body> piece = run(object.reader->read(text.size(), length));
    EXPECT_THAT(piece, IsOk());
    if (!piece || piece->size() != length) {
      ADD_FAILURE() << "no piece of " << length << " bytes at " << text.size();
      break;
    }
    text += piece->to_string();
  }
  return text;
}

ObjectInfoPtr ObjectStoreContract::stat(std::string_view name) {
  Result<std::optional<ObjectInfoPtr>> info = run(store().stat(key(name)));
  EXPECT_THAT(info, IsOk());
  return info && *info ? **info : nullptr;
}

ListRequest ObjectStoreContract::list_request(std::string prefix, std::string delimiter, std::string after,
                                              std::uint32_t items_max) {
  ListRequest request;
  request.bucket = bucket;
  request.prefix = std::move(prefix);
  request.delimiter = std::move(delimiter);
  request.after = std::move(after);
  request.items_max = items_max;
  return request;
}

ListPage ObjectStoreContract::list_page(ListRequest request) {
  Result<ListPage> page = run(store().list(std::move(request)));
  EXPECT_THAT(page, IsOk());
  return page ? *std::move(page) : ListPage();
}

std::vector<std::string> ObjectStoreContract::list(ListRequest request) {
  std::vector<std::string> names;
  ListPage page = list_page(std::move(request));
  for (const ListItem& item : page.items) names.emplace_back(item.name);
  return names;
}

UploadKey ObjectStoreContract::create_upload(std::string_view name) {
  Result<std::string> id = run(store().create_upload(key(name), ObjectInfo()));
  EXPECT_THAT(id, IsOk());
  return {key(name), id ? *std::move(id) : std::string()};
}

Result<PartInfo> ObjectStoreContract::put_part(const UploadKey& upload, std::uint32_t number, std::string_view text) {
  PartInfo part;
  part.number = number;
  part.size = text.size();
  part.etag = test_etag(text);
  return run(store().put_part(upload, std::move(part), Body::copy_of(text)));
}

Result<ObjectInfoPtr> ObjectStoreContract::complete(const UploadKey& upload, std::vector<PartInfo> parts,
                                                    WriteCondition condition) {
  ObjectInfo info;
  info.etag = "whole-" + std::to_string(parts.size());
  for (const PartInfo& part : parts) info.size += part.size;
  info.parts = std::move(parts);
  return run(store().complete_upload(upload, std::move(info), std::move(condition)));
}

}  // namespace shoal::testing
