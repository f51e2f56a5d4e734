// Asio's functions, compiled once for the library and for every program that links it.
#include <asio/impl/src.hpp>
