#include <rill/net/detail/relay.hpp>

namespace rill::detail {

bool relay::begin(bool opens) {
    feed::batch due;
    if (keep_alive_.to().backlog() > 0) return true; // what the handler wrote goes first
    if (!send_due(due)) return false;
    if (due.empty() && opens) keep_alive_.to().write(":\n\n");
    keep_alive_.wrote();
    return true;
}

/// False at the end of the feed.
bool relay::send_due(feed::batch& due) {
    switch (what_.source().take(keep_alive_.home().common().bounds.write_buffer, due)) {
    case feed::state::ended: return false;
    case feed::state::none: due.clear(); break;
    case feed::state::some:
        keep_alive_.to().write(due.pieces());
        keep_alive_.wrote();
        break;
    }
    if (keep_alive_.to().backlog() == 0)
        what_.source().wait(*this, keep_alive_.home().context().get_executor());
    return true;
}

void relay::send(feed::batch* scratch) {
    std::exception_ptr failure;
    try {
        feed::batch own;
        if (send_due(scratch ? *scratch : own)) return;
    } catch (...) {
        failure = std::current_exception();
    }
    whom_.on_relayed(failure);
}

} // namespace rill::detail
