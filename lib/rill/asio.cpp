// Asio's functions, compiled once. Those with static variables are inline, as they are in programs, which
// include Asio as its manual says: so the variables are one with theirs.
#include <asio/detail/signal_set_service.hpp>
#include <asio/error.hpp>
#include <asio/experimental/channel_error.hpp>

// NOLINTBEGIN(readability-redundant-declaration): they are declared again to be inline
namespace asio {

inline __attribute__((used)) const error_category& system_category();

namespace error {

inline __attribute__((used)) const error_category& get_netdb_category();
inline __attribute__((used)) const error_category& get_addrinfo_category();
inline __attribute__((used)) const error_category& get_misc_category();

} // namespace error

namespace experimental::error {

inline __attribute__((used)) const error_category& get_channel_category();

} // namespace experimental::error

namespace detail {

inline __attribute__((used)) signal_state* get_signal_state();

} // namespace detail

} // namespace asio
// NOLINTEND(readability-redundant-declaration)

#include <asio/impl/src.hpp>
