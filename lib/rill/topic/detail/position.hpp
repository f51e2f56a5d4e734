#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rill::detail {

/// A place in the log of one life of a topic: behind the event with that number. On the wire it is
/// `<epoch>-<sequence>`, as in `00c0ffee1234-17`.
struct position {
    std::uint64_t epoch = 0; ///< 48 bits, by chance: another for each topic
    std::uint64_t sequence = 0;

    static constexpr std::size_t epoch_digits = 12;
    /// An id with more is not one of ours: so eight positions and the commas between them fit into the 256
    /// bytes that a client may send back.
    static constexpr std::size_t most_digits = 18;

    friend bool operator==(const position&, const position&) = default;
};

void append(std::string& to, const position& p);
/// What that begins with: the epoch and the dash.
[[nodiscard]] std::array<char, position::epoch_digits + 1> epoch_text(std::uint64_t epoch) noexcept;

/// What `append` writes, and nothing else.
[[nodiscard]] std::optional<position> parse_position(std::string_view text) noexcept;

/// An epoch that no other topic has, but for one in 2^48; not 0, which is that of nowhere.
[[nodiscard]] std::uint64_t random_epoch();

/// The places that a client comes back with: one, or several with commas between them, each in another topic.
class positions {
public:
    explicit positions(std::string_view text);

    /// Whether the text was of that form; if not, there are none.
    [[nodiscard]] bool well_formed() const noexcept { return !all_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }

    /// The place in the life `epoch`, if it is among them.
    [[nodiscard]] std::optional<position> find(std::uint64_t epoch) const noexcept;

private:
    std::vector<position> all_;
};

} // namespace rill::detail
