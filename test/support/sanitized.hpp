// What watches this build: SANITIZED is defined where anything does that brings an allocator of its own
// (address, thread), SLOW where everything takes many times as long (thread).
#pragma once

#if defined(__SANITIZE_THREAD__)
#define SANITIZED
#define SLOW
#elif defined(__SANITIZE_ADDRESS__)
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SANITIZED
#define SLOW
#elif __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif
