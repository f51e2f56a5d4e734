// The same for Asio's TLS streams, which the client uses.
#include <asio/ssl/impl/src.hpp>
