#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace siege {

using clock = std::chrono::steady_clock;

/// What one connection does.
struct habit {
    std::string first{};                ///< what it sends at once
    std::string then{};                 ///< and later, in pieces
    std::size_t piece = 1;              ///< bytes
    std::chrono::milliseconds every{0}; ///< between two of them
    std::chrono::milliseconds stays{0}; ///< and leaves with a reset; 0: until the server ends it
    bool leaves_at_once = false;        ///< with a reset, as soon as it is connected
    bool reads = true;
    int receive_buffer = 0; ///< 0 for the system's
};

/// Connections of one kind, or of several in turn.
struct crowd {
    std::vector<habit> habits{};
    std::size_t connections = 0; ///< at a time; another one comes for each that is cut
    double arrivals = 0; ///< new ones a second, whatever became of those before; 0: `connections` counts
};

/// Many connections in one thread that do no harm but by being there.
class besiegers {
public:
    besiegers(std::uint16_t port, std::vector<crowd> crowds);
    besiegers(const besiegers&) = delete;
    besiegers& operator=(const besiegers&) = delete;
    ~besiegers();

    /// Goes on for so long, at the lowest priority: the processors are for the server. To be run in a thread
    /// of its own.
    void run(std::chrono::milliseconds time);
    /// Opens what is to be there all the time, a few in each millisecond.
    void gather();
    /// All leave with a reset.
    void leave();

    [[nodiscard]] std::size_t open() const noexcept { return open_; }
    /// Over all of the time.
    [[nodiscard]] std::size_t opened() const noexcept { return opened_; }
    /// That the server ended.
    [[nodiscard]] std::size_t ended() const noexcept { return ended_; }
    /// That began with an answer of status 503, or with an event of it.
    [[nodiscard]] std::size_t turned_away() const noexcept { return turned_away_; }

private:
    struct connection {
        int socket = -1;
        std::uint32_t crowd = 0, generation = 0;
        const habit* does = nullptr;
        bool connected = false, answered = false;
        std::size_t sent = 0; ///< of `then`
        clock::time_point opened{}, next{};
    };

    void tick(clock::time_point now);
    void arrive(clock::time_point now);
    void open_one(std::size_t crowd, clock::time_point now);
    void look_after(connection& each, clock::time_point now);
    void wait(int milliseconds);
    void connected(connection& each);
    void receive(connection& each);
    void close(connection& each);

    std::uint16_t port_;
    std::vector<crowd> crowds_;
    std::vector<std::size_t> of_crowd_; ///< how many connections each has
    std::vector<double> owed_;          ///< arrivals that are due
    std::vector<connection> all_;
    std::vector<std::size_t> free_; ///< places in it
    std::size_t next_ = 0;          ///< to be looked after
    clock::time_point ticked_{};
    int poll_;
    std::size_t open_ = 0, opened_ = 0, ended_ = 0, turned_away_ = 0;
};

} // namespace siege
