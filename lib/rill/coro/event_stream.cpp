#include <rill/coro/detail/feed.hpp>
#include <rill/coro/event_stream.hpp>

namespace rill {

task<const event*> event_stream::next() {
    // While elements are passed on, the handler stays where it is.
    auto* relayed = handler_.promise().relaying_;
    for (;;) {
        try {
            if (relayed)
                if (const auto* const m = co_await relayed->what.source().next()) {
                    relayed->shown = {.id = m->last_event_id, .name = m->type, .data = m->data};
                    co_return &relayed->shown;
                }
        } catch (...) {
            refuse(std::current_exception());
        }
        relayed = nullptr;
        switch (resume()) {
        case state::yielded: co_return &current();
        case state::relaying: relayed = handler_.promise().relaying_; continue;
        case state::finished: result(); co_return nullptr;
        case state::waiting: break;
        }
        std::exception_ptr failure;
        try {
            co_await operation();
        } catch (...) {
            failure = std::current_exception();
        }
        completed(std::move(failure));
    }
}

} // namespace rill
