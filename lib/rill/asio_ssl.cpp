// The same for Asio's TLS streams, which the client uses: see asio.cpp.
#include <asio/ssl/error.hpp>

// NOLINTBEGIN(readability-redundant-declaration): they are declared again to be inline
namespace asio {

namespace error {

inline __attribute__((used)) const error_category& get_ssl_category();

} // namespace error

namespace ssl::error {

inline __attribute__((used)) const error_category& get_stream_category();

} // namespace ssl::error

} // namespace asio
// NOLINTEND(readability-redundant-declaration)

#include <asio/ssl/impl/src.hpp>
