#include "shoal/net/request_handler.h"

namespace shoal::net {

std::optional<Task<void>> RequestHandler::begin(Exchange& exchange) { return handle(exchange); }

ProtocolErrorBody RequestHandler::protocol_error(int /*status*/, std::string_view reason) {
  return {.content_type = "text/plain", .text = std::string(reason) + "\n"};
}

}  // namespace shoal::net
