#include "shoal/server/forwarder.h"

#include "shoal/io/run_on.h"

namespace shoal::server {
namespace {

using Answer = Result<origin::OriginAnswer>;

Task<void> forward_into(origin::Forwarding* origin, origin::OriginRequest request, Answer* answer) {
  *answer = co_await origin->forward(std::move(request));
}

}  // namespace

Task<Answer> Forwarder::forward(origin::OriginRequest request) {
  bool reads = request.method == "GET" || request.method == "HEAD";
  if (reads || request.key.empty()) co_return co_await cores_[self_].origin->forward(std::move(request));
  ObjectKey key{request.bucket, request.key};
  const Core& owner = cores_[owner_of_slot_(ObjectKeyView(key).slot())];
  Answer answer;
  co_await io::run_on(*owner.loop, [&] {
    Task<void> writing = forward_into(owner.origin, std::move(request), &answer);
    if (owner.flash != nullptr) writing = owner.flash->write_below(key, std::move(writing));
    return owner.cache->write_below(key, std::move(writing));
  });
  co_return answer;
}

}  // namespace shoal::server
