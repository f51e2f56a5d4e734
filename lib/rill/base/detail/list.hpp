#pragma once

namespace rill::detail {

template <typename T>
class list;

/// A place in a `list<T>`, for a `T` to derive from. It leaves its list when it dies, and must not move.
template <typename T>
class list_hook {
public:
    // NOLINTNEXTLINE(bugprone-crtp-constructor-accessibility): nobody can call what is deleted
    list_hook(const list_hook&) = delete;
    list_hook& operator=(const list_hook&) = delete;

protected:
    ~list_hook() { unlink(); }

private:
    friend T;
    friend list<T>;

    list_hook() noexcept = default;

    void unlink() noexcept {
        if (!next_) return;
        previous_->next_ = next_;
        next_->previous_ = previous_;
        previous_ = next_ = nullptr;
    }

    list_hook* previous_ = nullptr;
    list_hook* next_ = nullptr; ///< null while it is in no list
};

/// A queue of objects that belong to others, each in one list at a time: no call takes memory, and each takes
/// constant time. One thread at a time.
///
///     ┌─▶ list ◀──▶ front ◀──▶ ... ◀──▶ back ◀─┐
///     └────────────────────────────────────────┘
template <typename T>
class list {
public:
    list() noexcept { ends_.previous_ = ends_.next_ = &ends_; }
    list(const list&) = delete;
    list& operator=(const list&) = delete;
    /// What is still in it leaves it.
    ~list() {
        while (!empty()) pop_front();
    }

    [[nodiscard]] bool empty() const noexcept { return ends_.next_ == &ends_; }
    /// Null if it is empty.
    [[nodiscard]] T* front() const noexcept { return at(ends_.next_); }
    /// What stands behind `t`, which is in this list; null behind the last one.
    [[nodiscard]] T* behind(const T& t) const noexcept { return at(hook_of(t).next_); }

    /// Whether `t` is in such a list.
    [[nodiscard]] static bool is_listed(const T& t) noexcept { return hook_of(t).next_ != nullptr; }
    /// Takes `t` out of the list that it is in, if it is in one.
    static void remove(T& t) noexcept { static_cast<list_hook<T>&>(t).unlink(); }

    /// `t` must not be in a list.
    void push_back(T& t) noexcept {
        list_hook<T>& hook = t;
        hook.previous_ = ends_.previous_;
        hook.next_ = &ends_;
        ends_.previous_->next_ = &hook;
        ends_.previous_ = &hook;
    }
    /// Must not be called when it is empty.
    T& pop_front() noexcept {
        T& first = *front();
        remove(first);
        return first;
    }

private:
    [[nodiscard]] static const list_hook<T>& hook_of(const T& t) noexcept { return t; }
    [[nodiscard]] T* at(list_hook<T>* hook) const noexcept {
        return hook == &ends_ ? nullptr : static_cast<T*>(hook);
    }

    list_hook<T> ends_;
};

} // namespace rill::detail
