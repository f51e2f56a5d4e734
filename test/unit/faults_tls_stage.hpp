#pragma once

#include "faults_stage.hpp"
#include "net_tls_site.hpp"

#include <optional>
#include <string_view>

namespace faults {

/// Carries what `client` and the server have to say, until neither has; what came is added to `received`.
inline void exchange(stage& s, tls::client& client, std::string& received) {
    for (bool moved = true; moved;) {
        s.as_client([&] {
            const auto there = client.output(), came = client.connection().receive();
            moved = !there.empty() || !came.empty();
            if (!there.empty()) client.connection().send(there);
            client.input(came);
            received += client.received();
        });
        s.run();
    }
}

/// The same over TLS: what fails is below it, and what the client received is what it could decrypt.
class tls_stage final : public stage {
public:
    explicit tls_stage(plan& what, const rill::server_options& options = {}) : stage{what, options} {
        static const auto server = tls::credentials();
        shard().use_tls(server);
    }

    void open() override {
        stage::open();
        as_client([&] { tls_.emplace(std::move(client())); });
        receive();
    }
    void send(std::string_view bytes) override {
        if (!tls_->established()) return;
        as_client([&] { tls_->write(bytes); });
        receive();
    }
    void receive() override { exchange(*this, *tls_, received); }
    [[nodiscard]] rill::testing::connection& client() override {
        return tls_ ? tls_->connection() : stage::client();
    }

    class neighbour;

private:
    std::optional<tls::client> tls_;
};

class tls_stage::neighbour {
public:
    explicit neighbour(tls_stage& s) : stage_{s} {}

    [[nodiscard]] std::string asked() {
        if (!client_ || client_->connection().ended()) client_.emplace(stage_.connect(none_));
        std::string received;
        exchange(stage_, *client_, received);
        client_->write("GET /short HTTP/1.1\r\nHost: test\r\n\r\n");
        exchange(stage_, *client_, received);
        return meaning(received);
    }
    void leave() {
        client_->connection().close();
        stage_.run();
    }

private:
    tls_stage& stage_;
    plan none_;
    std::optional<tls::client> client_;
};

} // namespace faults
