// SPDX-License-Identifier: MIT
// Whether a sanitizer watches: it keeps freed memory, and takes the signals of bad addresses for itself.
#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define REGARD_TEST_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define REGARD_TEST_SANITIZED 1
#endif
