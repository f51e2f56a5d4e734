#pragma once

#include <rill/app/same_origin.hpp>
#include <rill/net/server.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace CLI {
class App;
}

/// What the demos share; it is no part of the library.
namespace demo {

/// A time as people write it: a whole number and its unit, as in `250ms`, `1s`, `2m` or `1h`. Nothing if
/// `text` is no such time, is zero, or is longer than a year.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_time(std::string_view text);

/// A number of bytes as people write it: a whole number, and `KiB`, `MiB` or `GiB` if they are many. Nothing
/// if `text` is no such number, is zero, or is more than a `std::size_t` holds.
[[nodiscard]] std::optional<std::size_t> parse_size(std::string_view text);

/// `text` in one line, whatever it has in it.
[[nodiscard]] std::string one_line(std::string text);

/// Says on standard error, in one line, what is wrong. Where that is closed or full nobody hears it, and that
/// is all.
void complain(std::string_view program, std::string_view what);

/// The command line of a server: `--address`, `--port`, `--threads`, `--certificate` with `--private-key`,
/// `--allow-host`, `--allow-origin`, `--proxy-protocol`, `--trust-proxy` with `--forwarded`, and what a demo
/// adds. The headers of CLI11 stay in the source, so that a
/// demo compiles quickly.
///
/// **Example**
///
///     int main(int argc, char** argv) {
///         std::chrono::milliseconds interval = 1s;
///         demo::command_line command_line{"Ticks, live."};
///         command_line.time("--interval", interval, "the time from tick to tick");
///         if (const auto exit_code = command_line.parse(argc, argv)) return *exit_code;
///         rill::router routes;
///         routes.use(command_line.guard());
///         ...
///         return rill::serve(routes, command_line.options());
///     }
class command_line {
public:
    /// `about` is the first line of `--help`, `port` the one to listen on if none is given.
    explicit command_line(const std::string& about, std::uint16_t port = 5800);
    command_line(const command_line&) = delete;
    command_line& operator=(const command_line&) = delete;
    ~command_line();

    // Options of the demo's own. What they are stored in must live until `parse`, and holds the default.

    /// An option with a time of `parse_time`.
    void time(const std::string& name, std::chrono::milliseconds& value, const std::string& help);
    /// An option with a number of bytes of `parse_size`.
    void size(const std::string& name, std::size_t& value, const std::string& help);
    /// An option with a whole number from 1 to `most`.
    void count(const std::string& name, std::size_t& value, std::size_t most, const std::string& help);
    /// An option with one of a few words, each of which stands for a value.
    template <typename T>
    void choice(const std::string& name, T& value, const std::vector<std::pair<std::string, T>>& choices,
                const std::string& help) {
        std::vector<std::string> words;
        std::size_t by_default = 0;
        for (const auto& [word, meaning] : choices) {
            if (meaning == value) by_default = words.size();
            words.push_back(word);
        }
        add_choice(name, words, by_default, help,
                   [&value, choices](std::size_t chosen) { value = choices[chosen].second; });
    }
    /// An option with any text that is not empty; `placeholder` says in the help what it is.
    void text(const std::string& name, std::string& value, const std::string& placeholder,
              const std::string& help);
    /// An option without a value, which makes `value` true.
    void flag(const std::string& name, bool& value, const std::string& help);

    /// Reads the arguments. Gives the code to exit with where there is nothing to serve: 0 after `--help`,
    /// which goes to standard output, and 2 if something is wrong with them, which goes to standard error in
    /// one line.
    [[nodiscard]] std::optional<int> parse(int argc, const char* const* argv);

    /// What was asked for; its texts are this object's. After `parse`.
    [[nodiscard]] rill::server_options options() const noexcept;

    /// Refuses what pages of other origins ask; if only this machine can connect, also what is for a host
    /// that is not this machine. After `parse`.
    [[nodiscard]] rill::same_origin guard() const;

private:
    void add_limits();
    void add_proxies();
    void add_choice(const std::string& name, const std::vector<std::string>& words, std::size_t by_default,
                    const std::string& help, const std::function<void(std::size_t)>& choose);

    std::unique_ptr<CLI::App> app_;
    std::string address_ = "127.0.0.1";
    std::uint16_t port_;
    unsigned threads_ = 0;
    std::size_t max_connections_ = 0, max_connections_per_address_ = 0;
    std::chrono::milliseconds lame_duck_{0};
    std::string certificate_, private_key_;
    std::vector<std::string> hosts_, origins_; ///< that are allowed
    std::string proxy_protocol_, trust_proxy_;
    bool forwarded_ = false;
};

} // namespace demo
