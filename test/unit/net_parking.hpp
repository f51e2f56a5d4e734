#pragma once

#include <rill/coro/detail/feed.hpp>

#include "app_asking.hpp"

#include <asio/post.hpp>

#include <chrono>
#include <deque>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What a test says that is due to a reader.
class script {
public:
    /// A batch of so many pieces.
    void give(const std::vector<std::string>& pieces) {
        due_.push_back(pieces);
        tell();
    }
    void end() {
        ended_ = true;
        tell();
    }
    void fail() {
        failing_ = true;
        tell();
    }
    /// The reader loses its place, with what is still due.
    void forget() {
        due_.clear();
        end();
        if (paused_) asio::post(paused_->executor_, [this] { deliver(paused_); });
    }
    [[nodiscard]] rill::elements read() { return rill::elements{std::make_unique<reader>(*this)}; }

    int readers = 0;
    int taken = 0; ///< batches

private:
    class reader final : public rill::detail::feed {
    public:
        explicit reader(script& of) : of_{of} { ++of_.readers; }
        ~reader() override {
            --of_.readers;
            stop_waiting();
        }
        state take(std::size_t, batch& into) override {
            into.clear();
            if (of_.failing_) throw std::runtime_error{"the feed is broken"};
            if (of_.due_.empty()) return of_.ended_ ? state::ended : state::none;
            for (const auto& piece : of_.due_.front())
                into.add(rill::detail::shared_bytes{rill::detail::block{piece}});
            of_.due_.pop_front();
            ++of_.taken;
            return state::some;
        }
        void wait(consumer& who, const asio::any_io_executor& executor) override {
            who_ = &who;
            executor_ = executor;
            of_.waiting_ = this;
            if (!of_.due_.empty() || of_.ended_ || of_.failing_) of_.tell();
        }
        void pause(consumer& who, const asio::any_io_executor& executor) override {
            who_ = &who;
            executor_ = executor;
            of_.paused_ = this;
        }
        void stop_waiting() noexcept override { of_.waiting_ = of_.paused_ = nullptr; }
        rill::task<const rill::message*> next() override { co_return nullptr; }

        script& of_;
        consumer* who_ = nullptr;
        asio::any_io_executor executor_;
    };
    friend reader;

    void tell() {
        if (waiting_) asio::post(waiting_->executor_, [this] { deliver(waiting_); });
    }
    static void deliver(reader*& to) {
        if (auto* const told = std::exchange(to, nullptr)) {
            rill::detail::feed::batch scratch;
            told->who_->on_news(scratch);
        }
    }

    std::deque<std::vector<std::string>> due_;
    reader *waiting_ = nullptr, *paused_ = nullptr;
    bool ended_ = false, failing_ = false;
};

inline std::string get(std::string_view path = "/", std::string_view version = "1.1") {
    return fmt::format("GET {} HTTP/{}\r\nHost: test\r\n\r\n", path, version);
}

/// A site where `/` is parked, each time with a script of its own: the next of `scripts`.
class parking : public site {
public:
    explicit parking(const rill::server_options& options = {}) : site{options} {
        routes.get("/", [this](rill::request&) { return next().read(); })
            .get("/plain", says("hello"))
            .get("/slow",
                 [this](rill::request&) -> rill::task<rill::response> {
                     co_await rill::sleep_for(std::chrono::seconds{1});
                     co_return next().read();
                 })
            .get("/pinged", [this](rill::request&) { return next().read(); },
                 {.keep_alive = std::chrono::seconds{5}, .comment = "ping"})
            .get("/silent", [this](rill::request&) { return next().read(); },
                 {.keep_alive = std::chrono::seconds{0}})
            .get("/finish", [this](rill::request&) { return next().read(); },
                 {.drain = rill::drain::let_finish})
            .post("/", [this](rill::request&) { return next().read(); })
            .post("/read", [this](rill::request& r) -> rill::task<rill::response> {
                body = co_await r.text();
                co_return next().read();
            });
    }

    /// Has the streams do what their scripts say.
    void run() { server().run(); }

    std::deque<script> scripts{4};
    std::string body;

private:
    script& next() { return scripts[used_++]; }
    std::size_t used_ = 0;
};

/// All that comes, however little goes at a time.
inline std::string drained(parking& s, rill::testing::connection& from) {
    std::string all;
    for (auto part = from.receive(); !part.empty(); part = from.receive()) {
        all += part;
        s.run();
    }
    return all;
}

inline constexpr std::string_view last_chunk = "0\r\n\r\n";
