#include <rill/net/detail/tls_credentials.hpp>
#include <rill/net/detail/tls_transport.hpp>

#include <asio/post.hpp>

#include <algorithm>
#include <array>
#include <new>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <utility>

namespace rill::detail {
namespace {

/// More than that is not sent to a peer that makes us answer (by asking for new keys) and reads nothing.
constexpr std::size_t most_unsent = 64 * 1024;

} // namespace

/// What the inner transport tells that there is room again. It may outlive the transport.
class tls_transport::flusher final : public observer {
public:
    explicit flusher(tls_transport& owner) noexcept : owner_{&owner} {}

    void wait(std::shared_ptr<observer> who) noexcept { who_ = std::move(who); }
    void forget_owner() noexcept { owner_ = nullptr; }

private:
    void on_readable() override {}
    /// Who waits writes, and that flushes first; if not all goes, it waits anew, and sees that some went.
    void on_writable() override {
        const auto who = std::move(who_);
        if (owner_) {
            owner_->flusher_.reset();
            if (!who && !owner_->flush()) owner_->flush_later();
        }
        if (who) who->on_writable();
    }

    tls_transport* owner_;
    std::shared_ptr<observer> who_;
};

/// Ends a connection whose handshake takes too long, without a word.
class tls_transport::handshake_deadline final : public timer_wheel::timer {
public:
    explicit handshake_deadline(tls_transport& owner) : owner_{owner} {
        owner.share_.timers.arm_after(*this, owner.share_.handshake_timeout);
    }

private:
    void on_timer() noexcept override { owner_.close(false); }

    tls_transport& owner_;
};

/// How OpenSSL reads and writes.
struct tls_transport::bio {
    static tls_transport& owner_of(BIO* bio) noexcept {
        return *static_cast<tls_transport*>(BIO_get_data(bio));
    }

    static int read(BIO* bio, char* space, int size) noexcept {
        BIO_clear_retry_flags(bio);
        auto& owner = owner_of(bio);
        auto& unread = owner.share_.unread;
        if (unread.empty() && std::exchange(owner.may_receive_, false)) {
            auto& received = owner.share_.received;
            const auto got = owner.inner_->read_some(received);
            owner.inner_ended_ = got.status == status::ended;
            unread = {received.data(), got.bytes};
        }
        if (unread.empty()) {
            if (!owner.inner_ended_) BIO_set_retry_read(bio);
            return owner.inner_ended_ ? 0 : -1;
        }
        const auto count = unread.copy(space, static_cast<std::size_t>(size));
        unread.remove_prefix(count);
        return static_cast<int>(count);
    }

    static int write(BIO* bio, const char* bytes, int size) noexcept {
        BIO_clear_retry_flags(bio);
        return owner_of(bio).send({bytes, static_cast<std::size_t>(size)}) ? size : -1;
    }

    static long control(BIO* bio, int command, long, void*) noexcept {
        switch (command) {
        case BIO_CTRL_EOF: return owner_of(bio).inner_ended_ ? 1 : 0;
        case BIO_CTRL_FLUSH: return 1;
        default: return 0;
        }
    }

    static BIO_METHOD* make_method() {
        auto* const method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "rill transport");
        if (!method) throw std::bad_alloc{};
        BIO_meth_set_read(method, read);
        BIO_meth_set_write(method, write);
        BIO_meth_set_ctrl(method, control);
        BIO_meth_set_create(method, [](BIO* made) {
            BIO_set_init(made, 1);
            return 1;
        });
        return method;
    }

    static BIO* make(tls_transport& owner) {
        static BIO_METHOD* const method = make_method(); // never freed: connections may be left to the end
        auto* const made = BIO_new(method);
        if (!made) throw std::bad_alloc{};
        BIO_set_data(made, &owner);
        return made;
    }
};

tls_transport::tls_transport(std::unique_ptr<transport> inner, tls_share& share)
    : inner_{std::move(inner)}, share_{share}, ssl_{SSL_new(share.credentials->context())} {
    if (!ssl_) throw std::bad_alloc{};
    auto* const channel = bio::make(*this);
    SSL_set_bio(ssl_.get(), channel, channel);
    SSL_set_accept_state(ssl_.get());
    deadline_ = std::make_unique<handshake_deadline>(*this);
}

tls_transport::~tls_transport() {
    close(false);
    if (flusher_) flusher_->forget_owner();
}

transport::result tls_transport::read_some(std::span<char> space) noexcept {
    if (failed_ || closed_) return {status::ended};
    share_.unread = unread_;
    may_receive_ = true;
    const auto moved = decrypt(space);
    may_receive_ = false;
    keep_unread();
    if (deadline_ && established()) deadline_.reset();
    flush_later();
    if (moved > 0) return {status::moved, moved};
    return {read_ended_ || failed_ ? status::ended : status::blocked};
}

/// All that can be had with one read of the inner transport.
std::size_t tls_transport::decrypt(std::span<char> space) noexcept {
    std::size_t moved = 0;
    while (moved < space.size()) {
        const auto rest = space.subspan(moved);
        std::size_t part = 0;
        ERR_clear_error();
        if (SSL_read_ex(ssl_.get(), rest.data(), rest.size(), &part) == 1) {
            moved += part;
            continue;
        }
        switch (SSL_get_error(ssl_.get(), 0)) {
        case SSL_ERROR_WANT_READ: break;
        case SSL_ERROR_ZERO_RETURN: read_ended_ = true; break;
        default: failed_ = true; break; // no TLS, or broken: an alert is on its way
        }
        break;
    }
    return moved;
}

/// There is something only if the reader had no room for more.
void tls_transport::keep_unread() noexcept try {
    const auto rest = std::exchange(share_.unread, {});
    if (rest.empty() && unread_.empty()) return;
    std::string kept{rest};
    unread_.swap(kept);
} catch (const std::bad_alloc&) {
    failed_ = true;
}

/// What a read finds without the inner transport.
bool tls_transport::has_more() const noexcept {
    return failed_ || read_ended_ || closed_ || !unread_.empty() || SSL_pending(ssl_.get()) > 0;
}

void tls_transport::wait_readable(std::shared_ptr<observer> who) {
    if (has_more())
        tell(share_.context, std::move(who), &observer::on_readable);
    else
        inner_->wait_readable(std::move(who));
}

transport::result tls_transport::write_some(std::span<const std::string_view> pieces) noexcept {
    if (closed_ || finishing_ || failed_ || !established()) return {status::ended};
    auto moved = flush() ? std::exchange(taken_, 0) : 0;
    while (unsent_.empty() && !failed_) {
        const auto text = gather(pieces, moved);
        if (text.empty()) break;
        std::size_t written = 0;
        ERR_clear_error();
        // It takes all, since the BIO does.
        if (SSL_write_ex(ssl_.get(), text.data(), text.size(), &written) != 1) failed_ = true;
        if (unsent_.empty())
            moved += written;
        else
            taken_ = written;
    }
    if (failed_) return {status::ended};
    flush_later();
    if (moved > 0) return {status::moved, moved};
    return {status::blocked};
}

/// The next record's text, which comes behind `from` bytes: a copy, unless it is in one large piece.
std::string_view tls_transport::gather(std::span<const std::string_view> pieces, std::size_t from) noexcept {
    auto& space = share_.gathered;
    std::size_t size = 0;
    for (auto piece : pieces) {
        const auto skipped = std::min(from, piece.size());
        from -= skipped;
        piece.remove_prefix(skipped);
        if (size == 0 && piece.size() >= space.size()) return piece.substr(0, space.size());
        size += piece.copy(space.data() + size, space.size() - size);
        if (size == space.size()) break;
    }
    return {space.data(), size};
}

void tls_transport::wait_writable(std::shared_ptr<observer> who) {
    if (!flusher_) {
        auto made = std::make_shared<flusher>(*this);
        inner_->wait_writable(made);
        flusher_ = std::move(made);
    }
    flusher_->wait(std::move(who));
}

/// From OpenSSL: false if the peer is gone.
bool tls_transport::send(std::string_view bytes) noexcept try {
    if (unsent_.empty()) {
        const auto put = inner_->write_some(std::array{bytes});
        if (put.status == status::ended) {
            failed_ = true;
            return false;
        }
        bytes.remove_prefix(put.bytes);
    }
    failed_ = failed_ || unsent_.size() + bytes.size() > most_unsent;
    if (!failed_) unsent_.append(bytes);
    return !failed_;
} catch (const std::bad_alloc&) {
    failed_ = true;
    return false;
}

/// Whether nothing is left to be sent.
bool tls_transport::flush() noexcept {
    if (unsent_.empty()) return true;
    const auto put = inner_->write_some(std::array{std::string_view{unsent_}});
    if (put.status == status::ended) failed_ = true;
    unsent_.erase(0, put.bytes);
    if (!unsent_.empty()) return false;
    unsent_ = std::string{};
    if (finishing_) inner_->shutdown_write();
    return true;
}

/// Sees to it that what is unsent goes, whether somebody waits for it or not.
void tls_transport::flush_later() noexcept try {
    if (unsent_.empty() || flusher_ || failed_ || closed_) return;
    wait_writable(nullptr);
} catch (...) { // no memory, or the system watches no more sockets
    failed_ = true;
}

/// Where OpenSSL has failed, the alert that it has sent says so already.
void tls_transport::notify_close() noexcept {
    if (std::exchange(finishing_, true) || failed_ || !established()) return;
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
}

void tls_transport::shutdown_write() noexcept {
    if (closed_ || finishing_) return;
    notify_close();
    if (unsent_.empty()) return inner_->shutdown_write();
    flush_later();
}

void tls_transport::close(bool reset) noexcept {
    if (closed_) return;
    if (!reset) notify_close();
    closed_ = true;
    deadline_.reset();
    inner_->close(reset);
}

std::unique_ptr<transport> make_tls_transport(std::unique_ptr<transport> inner, tls_share& share) {
    return std::make_unique<tls_transport>(std::move(inner), share);
}

} // namespace rill::detail
