#pragma once

#include <rill/base/detail/networks.hpp>
#include <rill/base/detail/peer_address.hpp>
#include <rill/http/fields.hpp>
#include <rill/http/forwarded_fields.hpp>

#include <optional>
#include <string_view>
#include <vector>

namespace rill::detail {

/// What is believed of the fields in which proxies say whose request they pass on.
struct proxy_trust {
    networks proxies; ///< whose word is taken
    forwarded_fields fields = forwarded_fields::x_forwarded;
};

/// Whose request it is, by trusted proxies. The views are into the fields that it was read from.
struct provenance {
    peer_address client{};
    std::string_view scheme{}; ///< `http` or `https`; empty where no trusted proxy has said it
    std::string_view host{};   ///< as `Host` has it, checked; empty likewise
};

/// Reads the fields from the right, since each proxy adds to their ends, and a client can write what it likes
/// in front.
///
/// The client is the first address on the way from the connection to the left that is not trusted. An entry
/// that cannot be read ends the way, and the last address is the client. Where all are trusted it is the
/// leftmost.
///
/// Scheme and host are taken if the connection's client or its neighbour is trusted. Of `X-Forwarded-Proto`
/// and `-Host` the last value is, which that proxy has written; one that cannot be read counts as none. Of
/// `Forwarded`, those of the leftmost element that a trusted proxy has added.
[[nodiscard]] provenance provenance_of(const fields& fields, const connection_ends& ends,
                                       const proxy_trust& trust);

/// An element of `Forwarded` (RFC 7239 §4). What it does not have is empty.
struct forwarded_element {
    std::string_view client{}; ///< `for`
    std::string_view proto{};
    std::string_view host{};
};

/// The elements of one field's value. Nothing where it breaks the grammar, has a parameter twice in an
/// element, or a backslash in a quoted text: no address and no host needs one.
[[nodiscard]] std::optional<std::vector<forwarded_element>> parse_forwarded(std::string_view value);

} // namespace rill::detail
