// The origin, asked over sockets of an S3 endpoint, keeps the contract of all stores as far as S3 lets it.
#include <gtest/gtest.h>

#include "shoal/io/event_loop.h"
#include "shoal/io/timers.h"
#include "shoal/io/worker_threads.h"
#include "shoal/net/http_server.h"
#include "shoal/net/tcp_connector.h"
#include "shoal/origin/s3_origin.h"
#include "shoal/server/root_key_store.h"
#include "shoal/server/s3_endpoint.h"
#include "shoal/testing/in_memory_store.h"
#include "shoal/testing/object_store_contract.h"
#include "shoal/testing/run_task.h"

namespace shoal::server {
namespace {

constexpr const char* access_key = "origin-access-key";
constexpr const char* secret_key = "origin-secret-key";

/// A server over the model of a store, and the origin that talks to it, on one loop.
class OriginFixture final : public testing::StoreFixture {
 public:
  /// Objects from `stream_bytes_min` on are read while they come.
  explicit OriginFixture(std::uint64_t stream_bytes_min) : stream_bytes_min_(stream_bytes_min) {
    services_.store = &kept_;
    services_.clock = &system_clock();
    services_.digests = &digests_;
    services_.region = "us-east-1";
    services_.gather_bytes_max = 1_MiB;
    services_.streamed_bytes_max = 1_MiB;
    services_.whole_bytes_max = 1_MiB;
    endpoint_ =
        std::make_unique<S3Endpoint>(services_, keys_, Authorizer(s3::Principal{access_key}), S3Endpoint::Options{});
    server_ = net::HttpServer::listen(loop_, net::Endpoint::loopback(0), {}, *endpoint_).value();
    reopen();
  }
  ~OriginFixture() override { testing::run_task(loop_.context(), origin_->close()); }

  boost::asio::io_context& loop() override { return loop_.context(); }
  ObjectStore& store() override { return *origin_; }
  void reopen() override {
    if (origin_ != nullptr) return;
    std::uint16_t port = server_->local_endpoint().port();
    connector_ =
        std::make_unique<net::TcpConnector>(loop_, timers_, threads_, "127.0.0.1", port, net::TcpConnector::Options{});
    origin::OriginOptions options;
    options.url = {.tls = false, .host = "127.0.0.1", .port = port};
    options.credentials.access_key = access_key;
    options.credentials.secret = s3::SecretKey(secret_key);
    options.owner = "owner";
    options.stream_bytes_min = stream_bytes_min_;
    origin_ = std::make_unique<origin::S3Origin>(loop_, timers_, system_clock(), *connector_, digests_,
                                                 std::move(options));
  }
  Promises promises() override {
    return {.keeps_owners = false,
            .keeps_bucket_settings = false,
            .replaces_headers = false,
            .keeps_old_versions = false,
            .tells_what_was_removed = false,
            .takes_any_name = false,
            .takes_small_parts = false};
  }

 private:
  const std::uint64_t stream_bytes_min_;
  io::EventLoop loop_;
  io::LoopTimers timers_{loop_};
  io::WorkerThreads threads_{1, "names"};
  testing::InMemoryStore kept_;
  s3::Md5Queue digests_;
  S3Services services_;
  RootKeyStore keys_{access_key, secret_key};
  std::unique_ptr<S3Endpoint> endpoint_;
  std::unique_ptr<net::HttpServer> server_;
  std::unique_ptr<net::TcpConnector> connector_;
  std::unique_ptr<origin::S3Origin> origin_;
};

SHOAL_TEST_OBJECT_STORE_CONTRACT(S3Origin, [] { return std::make_unique<OriginFixture>(0); });
INSTANTIATE_TEST_SUITE_P(StreamingS3Origin, ObjectStoreContract, ::testing::Values(testing::object_store_contract([] {
                           return std::make_unique<OriginFixture>(1);
                         })));

}  // namespace
}  // namespace shoal::server
