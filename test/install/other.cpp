// Asio as its manual says, and nothing of Rill: a third library's source, say.
#include <asio.hpp>

int other() {
    asio::io_context context;
    int count = 0;
    asio::post(context, [&] { ++count; });
    asio::steady_timer timer{context, std::chrono::milliseconds{1}};
    timer.async_wait([&](const asio::error_code&) { ++count; });
    context.run();
    return count;
}
