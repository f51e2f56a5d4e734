#include "support/command_line.hpp"

#include <rill/base/text.hpp>

#include <asio/error_code.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/address.hpp>
#include <asio/ip/tcp.hpp>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <span>
#include <stdexcept>

using namespace std::chrono_literals;

namespace demo {
namespace {

constexpr std::chrono::milliseconds longest = 365 * 24h;
constexpr unsigned most_threads = 256;
constexpr std::size_t most_connections = 100'000'000;

/// An option whose value `parse` reads, and has to be `expected`.
template <typename T>
void add(CLI::App& app, const std::string& name, T& value,
         std::function<std::optional<T>(std::string_view)> parse, const std::string& placeholder,
         const std::string& expected, const std::string& help) {
    auto read = [&value, name, expected, parse = std::move(parse)](const std::string& text) {
        const auto given = parse(text);
        if (!given) throw CLI::ValidationError{name, fmt::format("'{}' is not {}", text, expected)};
        value = *given;
    };
    app.add_option_function<std::string>(name, read, help)->type_name(placeholder);
}

/// What `call` throws an `std::invalid_argument` for; empty if it does not.
template <typename Call>
std::string complaint(Call call) {
    try {
        call();
        return {};
    } catch (const std::invalid_argument& cause) {
        return cause.what();
    }
}

/// Whether only this machine can connect to `address`, in whatever form: `127.1` and names of this machine,
/// too.
bool is_loopback(const std::string& address) {
    if (address.starts_with("unix:")) return false; // nor can a browser
    asio::io_context context;
    asio::error_code unknown; // there is no listening there, either
    const auto found = asio::ip::tcp::resolver{context}.resolve(address, "", unknown);
    return !found.empty() && std::ranges::all_of(found, [](const auto& each) {
        const auto at = each.endpoint().address();
        const bool mapped = at.is_v6() && at.to_v6().is_v4_mapped();
        return mapped ? asio::ip::make_address_v4(asio::ip::v4_mapped, at.to_v6()).is_loopback()
                      : at.is_loopback();
    });
}

using unit = std::pair<std::string_view, std::uint64_t>;

/// A whole number with one of the units behind it. Nothing if it is zero, or more than `most` once it is
/// multiplied.
std::optional<std::uint64_t> parse_with_unit(std::string_view text, std::span<const unit> units,
                                             std::uint64_t most) {
    const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto number = rill::parse<std::uint64_t>(text.substr(0, digits));
    for (const auto& [name, factor] : units)
        if (text.substr(digits) == name && number && *number > 0 && *number <= most / factor)
            return *number * factor;
    return std::nullopt;
}

} // namespace

std::optional<std::chrono::milliseconds> parse_time(std::string_view text) {
    static constexpr unit units[] = {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}};
    const auto number = parse_with_unit(text, units, longest.count());
    return number ? std::optional{std::chrono::milliseconds{*number}} : std::nullopt;
}

std::optional<std::size_t> parse_size(std::string_view text) {
    static constexpr unit units[] = {{"", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};
    return parse_with_unit(text, units, std::numeric_limits<std::size_t>::max());
}

std::string one_line(std::string text) {
    for (auto& c : text)
        if (static_cast<unsigned char>(c) < ' ') c = ' ';
    return text;
}

void complain(std::string_view program, std::string_view what) {
    // Not by fmt::print, which throws where standard error is closed.
    const auto line = fmt::format("{}: {}\n", program, one_line(std::string{what}));
    std::fwrite(line.data(), 1, line.size(), stderr);
}

command_line::command_line(const std::string& about, std::uint16_t port)
    : app_{std::make_unique<CLI::App>(about)}, port_{port} {
    app_->set_help_flag("--help", "show this help and exit");
    app_->get_formatter()->column_width(28);
    app_->add_option("--address", address_,
                     fmt::format("where to listen: an address of this machine, or unix:/path ({})", address_))
        ->type_name("ADDRESS");
    add<std::uint16_t>(*app_, "--port", port_, rill::parse<std::uint16_t>, "PORT", "a number up to 65535",
                       fmt::format("the port to listen on, 0 for any ({})", port_));
    const auto parse_threads = [](std::string_view text) {
        const auto number = rill::parse<unsigned>(text);
        return number && *number <= most_threads ? number : std::nullopt;
    };
    add<unsigned>(*app_, "--threads", threads_, parse_threads, "COUNT",
                  fmt::format("a number up to {}", most_threads),
                  "how many threads serve, 0 for one per core (0)");
    add_limits();
    auto* const certificate =
        app_->add_option("--certificate", certificate_, "serve https with this certificate chain (PEM)");
    auto* const key = app_->add_option("--private-key", private_key_, "the key of the certificate (PEM)");
    for (auto* const file : {certificate, key})
        file->type_name("FILE")->check([](const std::string& name) {
            return name.empty() ? std::string{"'' is no file"} : std::string{};
        });
    certificate->needs(key);
    key->needs(certificate);
    app_->add_option("--allow-host", hosts_,
                     "a host that requests may be for; may be repeated "
                     "(any, or localhost if only this machine can connect)")
        ->type_name("HOST")
        ->allow_extra_args(false)
        ->check(
            [](const std::string& host) { return complaint([&] { rill::same_origin{}.allow_host(host); }); });
    app_->add_option("--allow-origin", origins_, "pages of this origin may ask, too; may be repeated (none)")
        ->type_name("ORIGIN")
        ->allow_extra_args(false)
        ->check([](const std::string& origin) {
            return complaint([&] { rill::same_origin{}.allow_origin(origin); });
        });
    add_proxies();
}

/// What is in the lists, `serve` reads.
void command_line::add_limits() {
    const auto parse_count = [](std::string_view text) {
        const auto number = rill::parse<std::size_t>(text);
        return number && *number > 0 && *number <= most_connections ? number : std::nullopt;
    };
    const auto expected = fmt::format("a number from 1 to {}", most_connections);
    add<std::size_t>(*app_, "--max-connections", max_connections_, parse_count, "COUNT", expected,
                     "how many connections may be open at a time (seven eighths of the open files allowed)");
    add<std::size_t>(*app_, "--max-connections-per-address", max_connections_per_address_, parse_count,
                     "COUNT", expected, "how many of them a client may have (any number)");
    add<std::chrono::milliseconds>(
        *app_, "--lame-duck", lame_duck_, parse_time, "TIME", "a time like 250ms, 1s or 2m",
        "how long to keep serving after SIGTERM while GET /healthz says 503 (none)");
}

void command_line::add_proxies() {
    auto* const header =
        app_->add_option("--proxy-protocol", proxy_protocol_,
                         "proxies that begin each connection with a PROXY protocol header: addresses, "
                         "networks, or unix (none)");
    auto* const trust = app_->add_option(
        "--trust-proxy", trust_proxy_,
        "proxies whose X-Forwarded-For, -Proto and -Host are believed: addresses, networks, or unix (none)");
    for (auto* const list : {header, trust})
        list->type_name("CIDR[,CIDR]")->check([](const std::string& text) {
            return rill::trim(text).empty() ? fmt::format("'{}' is not a list of networks", text)
                                            : std::string{};
        });
    app_->add_flag("--forwarded", forwarded_, "believe the field Forwarded of these proxies instead")
        ->needs(trust);
}

command_line::~command_line() = default;

void command_line::time(const std::string& name, std::chrono::milliseconds& value, const std::string& help) {
    const auto by_default = value % 1h == 0h   ? fmt::format("{}h", value / 1h)
                            : value % 1s == 0s ? fmt::format("{}s", value / 1s)
                                               : fmt::format("{}ms", value / 1ms);
    add<std::chrono::milliseconds>(*app_, name, value, parse_time, "TIME", "a time like 250ms, 1s or 2m",
                                   fmt::format("{} ({})", help, by_default));
}

void command_line::size(const std::string& name, std::size_t& value, const std::string& help) {
    const auto by_default =
        value % (1 << 20) == 0 ? fmt::format("{}MiB", value >> 20) : fmt::format("{}", value);
    add<std::size_t>(*app_, name, value, parse_size, "SIZE", "a size like 65536, 64KiB or 16MiB",
                     fmt::format("{} ({})", help, by_default));
}

void command_line::count(const std::string& name, std::size_t& value, std::size_t most,
                         const std::string& help) {
    const auto parse_count = [most](std::string_view text) {
        const auto number = rill::parse<std::size_t>(text);
        return number && *number > 0 && *number <= most ? number : std::nullopt;
    };
    add<std::size_t>(*app_, name, value, parse_count, "COUNT", fmt::format("a number from 1 to {}", most),
                     fmt::format("{} ({})", help, value));
}

void command_line::add_choice(const std::string& name, const std::vector<std::string>& words,
                              std::size_t by_default, const std::string& help,
                              const std::function<void(std::size_t)>& choose) {
    const auto choices = fmt::format("{}", fmt::join(words, ", "));
    auto read = [name, words, choices, choose](const std::string& text) {
        const auto chosen = std::ranges::find(words, text);
        if (chosen == words.end())
            throw CLI::ValidationError{name, fmt::format("'{}' is none of {}", text, choices)};
        choose(static_cast<std::size_t>(chosen - words.begin()));
    };
    app_->add_option_function<std::string>(name, read,
                                           fmt::format("{}: {} ({})", help, choices, words.at(by_default)))
        ->type_name("WORD");
}

void command_line::text(const std::string& name, std::string& value, const std::string& placeholder,
                        const std::string& help) {
    const auto parse_text = [](std::string_view text) {
        return text.empty() ? std::nullopt : std::optional{std::string{text}};
    };
    add<std::string>(*app_, name, value, parse_text, placeholder, "a text with something in it", help);
}

void command_line::flag(const std::string& name, bool& value, const std::string& help) {
    app_->add_flag(name, value, help);
}

std::optional<int> command_line::parse(int argc, const char* const* argv) try {
    app_->name(std::filesystem::path{argv[0]}.filename());
    app_->parse(argc, argv);
    return std::nullopt;
} catch (const CLI::CallForHelp&) {
    fmt::print("{}", app_->help());
    return 0;
} catch (const CLI::ParseError& problem) {
    complain(app_->get_name(), fmt::format("{}; --help says more", problem.what()));
    return 2;
}

rill::server_options command_line::options() const noexcept {
    return {.address = address_,
            .port = port_,
            .threads = threads_,
            .lame_duck = lame_duck_,
            .tls = {.certificate = certificate_, .private_key = private_key_},
            .proxy_protocol = proxy_protocol_,
            .trust_proxy = trust_proxy_,
            .forwarded_fields =
                forwarded_ ? rill::forwarded_fields::forwarded : rill::forwarded_fields::x_forwarded,
            .limits = {.max_connections = max_connections_,
                       .max_connections_per_address = max_connections_per_address_}};
}

rill::same_origin command_line::guard() const {
    rill::same_origin guard;
    guard.leave_open("/healthz");
    if (!hosts_.empty() || is_loopback(address_)) guard.allow_loopback_hosts();
    for (const auto& host : hosts_) guard.allow_host(host);
    for (const auto& origin : origins_) guard.allow_origin(origin);
    return guard;
}

} // namespace demo
