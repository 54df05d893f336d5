#pragma once

#include <string>
#include <string_view>

#include "shoal/base/task.h"
#include "shoal/http/response_writer.h"
#include "shoal/net/exchange.h"
#include "shoal/s3/error.h"
#include "shoal/s3/error_document.h"

namespace shoal::server {

/// The lines that every answer of the S3 API has.
http::ResponseHead response_head(int status, std::string_view request_id);

/// What the document of an error says of the request; bucket and key are left to who knows them. Borrows.
s3::ErrorContext error_context(const net::Exchange& exchange, std::string_view request_id);

/// Sends the document of an error below a head that has its status; to HEAD, the head alone. That the client may be
/// gone is logged at debug level: nobody is left to tell.
Task<void> respond_error(net::Exchange& exchange, http::ResponseHead head, s3::S3Error error, s3::ErrorContext context);

/// The same without waiting, for RequestHandler::begin().
void respond_error_now(net::Exchange& exchange, http::ResponseHead head, const s3::S3Error& error,
                       const s3::ErrorContext& context);

/// What the client is told when the store failed. What the operator has to look into (a full or failing disk, damaged
/// data) is logged here, since the client is not told.
s3::S3Error store_failure(const Error& error);

/// The document for a request that the HTTP layer refused with `status`.
std::string protocol_error_document(int status, std::string_view reason, std::string_view request_id);

}  // namespace shoal::server
