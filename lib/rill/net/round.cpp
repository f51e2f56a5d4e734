#include <rill/base/detail/prefetch.hpp>
#include <rill/net/detail/h1_conversation.hpp>
#include <rill/net/detail/h1_session.hpp>
#include <rill/net/detail/round.hpp>

#include <asio/post.hpp>

#include <exception>
#include <utility>

namespace rill::detail {
namespace {

/// The most that is worth to be kept: whoever sends more has filled the caches already.
constexpr std::size_t worth_keeping = 4096;

} // namespace

bool round::join(h1_session& who, std::string_view bytes) {
    if (bytes.size() > worth_keeping || used_ > most_kept) return false;
    if (!open()) asio::post(context_, [this] { run(); });
    readers_.push_back({who.shared_from_this(), bytes});
    used_ += bytes.size();
    return true;
}

void round::answered(h1_session& whose, std::size_t begin) {
    writers_.push_back({whose.shared_from_this(), begin, answers_.size() - begin});
}

void round::abandon() noexcept {
    readers_.clear();
    writers_.clear();
}

/// What one of them throws is the event loop's to know, once all had their turn. While one has it, the memory
/// of those behind comes closer.
void round::run() {
    std::exception_ptr failure;
    answering_ = true;
    for (std::size_t i = 0; i < readers_.size(); ++i) try {
            if (i + 3 < readers_.size()) prefetch(readers_[i + 3].session.get(), sizeof(h1_session));
            if (i + 2 < readers_.size()) readers_[i + 2].session->prefetch_conversation();
            if (i + 1 < readers_.size()) readers_[i + 1].session->prefetch_parser();
            const auto [session, bytes] = std::move(readers_[i]);
            session->on_received(bytes);
        } catch (...) {
            if (!failure) failure = std::current_exception();
        }
    answering_ = false;
    readers_.clear();
    used_ = 0;
    for (std::size_t i = 0; i < writers_.size(); ++i) try {
            if (i + 2 < writers_.size()) prefetch(writers_[i + 2].session.get(), sizeof(h1_session));
            if (i + 1 < writers_.size()) writers_[i + 1].session->prefetch_transport();
            const auto [session, begin, size] = std::move(writers_[i]);
            session->send_answer(std::string_view{answers_}.substr(begin, size));
        } catch (...) {
            if (!failure) failure = std::current_exception();
        }
    writers_.clear();
    answers_.clear();
    if (failure) std::rethrow_exception(failure);
}

} // namespace rill::detail
