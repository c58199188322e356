/*
 * Arguments and errors of the native functions.
 *
 * A getter returns true when the argument is good; otherwise it has thrown a TypeError (wrong type) or a RangeError
 * (outside its bounds) that names the argument, and the function returns at once. Everything is checked before
 * anything is done.
 */
#ifndef CAPSTAN_ARGUMENTS_H
#define CAPSTAN_ARGUMENTS_H

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Fetches `count` arguments; a missing one is undefined. */
bool take_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *argv);
bool get_integer(napi_env env, napi_value value, const char *name, int64_t min, int64_t max, int64_t *result);
bool get_descriptor(napi_env env, napi_value value, const char *name, int *result);
bool get_bool(napi_env env, napi_value value, const char *name, bool *result);
/* Copies a string with its NUL; refuses an embedded NUL. A longer one than fits throws ENAMETOOLONG for `syscall`. */
bool get_string(napi_env env, napi_value value, const char *name, const char *syscall, char *text, size_t size);
/* The bytes [offset, offset + length) of a Uint8Array (a Buffer is one). */
bool get_range(napi_env env, napi_value bytes, napi_value offset, napi_value length, uint8_t **result, size_t *size);
/* An array of strings as a NULL-terminated vector in one allocation, for free(). */
bool get_string_vector(napi_env env, napi_value value, const char *name, char ***result);

/* Throws an Error with `code` ("ECONNREFUSED"), `errno` (negative, as Node does it) and `syscall`; returns NULL. */
napi_value throw_errno(napi_env env, int error, const char *syscall);
napi_value throw_type(napi_env env, const char *name, const char *expected);

napi_value new_integer(napi_env env, int64_t value);
napi_value new_bool(napi_env env, bool value);
/* An array of two numbers. */
napi_value new_pair(napi_env env, int64_t first, int64_t second);
/* The result of a call that returned -1 on failure: the number, or an exception. */
napi_value new_result(napi_env env, int64_t result, const char *syscall);
/* Sets `object.name`; returns false if an exception is pending. */
bool set_named(napi_env env, napi_value object, const char *name, napi_value value);

/* Gives memory of mmap() to an ArrayBuffer that unmaps it when it is collected. On failure it is unmapped here and an
 * exception is pending. */
napi_value new_mapped_buffer(napi_env env, void *address, size_t length);

/* Memory that C goes on using although its ArrayBuffer may be finalized first, as at the end of an environment. */
struct mapping {
	void *address;
	size_t length;
	int references; /* One of C's, one of the ArrayBuffer's. */
};
/* Maps `length` zeroed bytes and makes an ArrayBuffer of them. NULL with an exception on failure. */
struct mapping *new_mapping(napi_env env, size_t length, napi_value *buffer);
/* Gives up one reference; NULL is fine. */
void release_mapping(struct mapping *mapping);

struct native_function {
	const char *name;
	napi_callback call;
};
/* Each file's functions, ended by a NULL name. */
extern const struct native_function descriptor_functions[];
extern const struct native_function limit_functions[];
extern const struct native_function loop_functions[];
extern const struct native_function memory_functions[];
extern const struct native_function process_functions[];
extern const struct native_function socket_functions[];

#endif
