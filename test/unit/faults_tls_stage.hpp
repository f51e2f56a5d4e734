#pragma once

#include "faults_stage.hpp"
#include "net_tls_site.hpp"

#include <optional>
#include <string_view>

namespace faults {

/// The same over TLS: what fails is below it, and what the client received is what it could decrypt.
class tls_stage final : public stage {
public:
    explicit tls_stage(plan& what, const rill::server_options& options = {}) : stage{what, options} {
        static const auto server = tls::credentials();
        shard().use_tls(server);
    }

    void open() override {
        stage::open();
        const heap::spared here;
        tls_.emplace(std::move(client()));
        exchange();
    }
    void send(std::string_view bytes) override {
        if (!tls_->established()) return;
        {
            const heap::spared here;
            tls_->write(bytes);
        }
        exchange();
    }
    void receive() override { exchange(); }
    [[nodiscard]] rill::testing::connection& client() override {
        return tls_ ? tls_->connection() : stage::client();
    }

private:
    void exchange() {
        for (bool moved = true; moved;) {
            with_client([&](auto& connection) {
                const auto there = tls_->output(), came = connection.receive();
                moved = !there.empty() || !came.empty();
                if (!there.empty()) connection.send(there);
                tls_->input(came);
                received += tls_->received();
            });
            run();
        }
    }

    std::optional<tls::client> tls_;
};

} // namespace faults
