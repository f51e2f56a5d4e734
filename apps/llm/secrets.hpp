#pragma once

#include <rill/http/url.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace llm {

/// What opens the server upstream, and is told to nobody else: the key, and what its URL has before the `@`
/// and in its query. Servers quote what they were sent, and errors name the URL.
///
/// Of the query, values are secret whose names say so (`key`, `token`, `sig` ...), and long ones.
class secrets {
public:
    secrets(std::string_view key, const rill::url& address);

    /// `text`, an error or a field, with `***` in place of every secret.
    [[nodiscard]] std::string hidden(std::string text) const;

    /// The data of an event. In a piece of an answer a secret of less than 8 bytes stays: as a key is often
    /// "none" or the name of the program where none is needed, it may be a word there.
    [[nodiscard]] std::string hidden_in_event(std::string data) const;

private:
    void add(std::string_view secret);
    [[nodiscard]] std::string hide(std::string text, std::size_t least) const;

    std::vector<std::string> all_; ///< the longest first, as one may be a part of another
};

} // namespace llm
