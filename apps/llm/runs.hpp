#pragma once

#include <rill/app/router.hpp>

#include "engine.hpp"
#include "run.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace llm {

/// What becomes of an answer that nobody listens to any more.
enum class abandon : std::uint8_t {
    cancel, ///< it is given up
    finish, ///< it is completed, and kept for who may come back
};

struct runs_options {
    abandon on_abandon = abandon::cancel;
    /// So long a run may be without a listener before it is abandoned: a page is loaded anew in less.
    std::chrono::milliseconds grace{5'000};
    /// So long a run is kept after its end at least, unless there are so many, with those under way.
    std::chrono::milliseconds keep{600'000};
    std::size_t most = 1'000;
};

/// The answers that the page asks for. Their ids are secrets: who knows one may listen and stop it.
class runs {
public:
    /// `source` must outlive this; and this, the server.
    runs(engine& source, const runs_options& options) : source_{source}, options_{options} {}

    /// `POST /runs` with a body as that of a completion begins one, `GET /runs/{id}` listens to it, and
    /// `DELETE /runs/{id}` stops it.
    void add_routes(rill::router& routes);

    /// How many are kept, and how many listen.
    struct count {
        std::size_t kept = 0;
        std::size_t listeners = 0;
    };
    [[nodiscard]] count counted();

private:
    [[nodiscard]] rill::task<rill::response> begin(rill::request& request);
    /// Throws a `refusal` 404 if there is no such run.
    [[nodiscard]] std::shared_ptr<run> find(const rill::request& request);
    /// Throws a `refusal` 503 if there are too many.
    void keep(const std::string& id, std::shared_ptr<run> one);
    /// Drops those that were kept for long enough, and the oldest of the others if there is no place still.
    /// With the lock held.
    void make_room();

    engine& source_;
    const runs_options options_;
    std::mutex mutex_;
    std::map<std::string, std::shared_ptr<run>, std::less<>> runs_; ///< by id
};

} // namespace llm
