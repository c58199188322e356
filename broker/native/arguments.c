/* Arguments, errors and results of the native functions (arguments.h). */
#include "arguments.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

bool take_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *argv)
{
	size_t given = count;

	return napi_get_cb_info(env, info, &given, argv, NULL, NULL) == napi_ok;
}

napi_value throw_type(napi_env env, const char *name, const char *expected)
{
	char text[160];

	snprintf(text, sizeof(text), "%s must be %s", name, expected);
	napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", text);
	return NULL;
}

bool get_integer(napi_env env, napi_value value, const char *name, int64_t min, int64_t max, int64_t *result)
{
	char text[160];
	double number = 0;

	if (napi_get_value_double(env, value, &number) != napi_ok) {
		throw_type(env, name, "a number");
		return false;
	}
	/* The comparison is false for NaN; the bounds are far below 2^53, so the conversion is exact. */
	if (!(number >= (double)min && number <= (double)max) || number != (double)(int64_t)number) {
		snprintf(text, sizeof(text), "%s must be an integer from %lld to %lld", name, (long long)min,
			 (long long)max);
		napi_throw_range_error(env, "ERR_OUT_OF_RANGE", text);
		return false;
	}
	*result = (int64_t)number;
	return true;
}

bool get_descriptor(napi_env env, napi_value value, const char *name, int *result)
{
	int64_t number;

	if (!get_integer(env, value, name, 0, INT_MAX, &number))
		return false;
	*result = (int)number;
	return true;
}

bool get_bool(napi_env env, napi_value value, const char *name, bool *result)
{
	if (napi_get_value_bool(env, value, result) == napi_ok)
		return true;
	throw_type(env, name, "a boolean");
	return false;
}

bool get_string(napi_env env, napi_value value, const char *name, const char *syscall, char *text, size_t size)
{
	size_t length = 0;

	if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok) {
		throw_type(env, name, "a string");
		return false;
	}
	if (length >= size) {
		throw_errno(env, ENAMETOOLONG, syscall);
		return false;
	}
	napi_get_value_string_utf8(env, value, text, size, &length);
	if (strlen(text) != length) {
		throw_type(env, name, "a string without NUL");
		return false;
	}
	return true;
}

bool get_range(napi_env env, napi_value bytes, napi_value offset, napi_value length, uint8_t **result, size_t *size)
{
	napi_typedarray_type type;
	bool is_typed = false;
	size_t total = 0;
	void *data = NULL;
	int64_t from, count;

	if (napi_is_typedarray(env, bytes, &is_typed) != napi_ok || !is_typed ||
	    napi_get_typedarray_info(env, bytes, &type, &total, &data, NULL, NULL) != napi_ok ||
	    type != napi_uint8_array) {
		throw_type(env, "bytes", "a Uint8Array");
		return false;
	}
	if (!get_integer(env, offset, "offset", 0, (int64_t)total, &from) ||
	    !get_integer(env, length, "length", 0, (int64_t)total - from, &count))
		return false;
	/* An empty array may have no address at all; pointer arithmetic on it would be undefined. */
	*result = data == NULL ? (uint8_t *)"" : (uint8_t *)data + from;
	*size = (size_t)count;
	return true;
}

/* Measures or copies the strings of `value`; with `text` NULL only the size is computed. */
static bool walk_strings(napi_env env, napi_value value, uint32_t count, const char *name, char **vector, char *text,
			 size_t *size)
{
	for (uint32_t i = 0; i < count; i++) {
		napi_value item;
		size_t length = 0;

		if (napi_get_element(env, value, i, &item) != napi_ok ||
		    napi_get_value_string_utf8(env, item, NULL, 0, &length) != napi_ok) {
			throw_type(env, name, "an array of strings");
			return false;
		}
		if (text != NULL) {
			napi_get_value_string_utf8(env, item, text, length + 1, &length);
			if (strlen(text) != length) {
				throw_type(env, name, "an array of strings without NUL");
				return false;
			}
			vector[i] = text;
			text += length + 1;
		}
		*size += length + 1;
	}
	return true;
}

bool get_string_vector(napi_env env, napi_value value, const char *name, char ***result)
{
	uint32_t count = 0;
	bool is_array = false;
	size_t size = 0, head;
	char **vector;

	if (napi_is_array(env, value, &is_array) != napi_ok || !is_array ||
	    napi_get_array_length(env, value, &count) != napi_ok) {
		throw_type(env, name, "an array of strings");
		return false;
	}
	if (!walk_strings(env, value, count, name, NULL, NULL, &size))
		return false;
	head = ((size_t)count + 1) * sizeof(*vector);
	vector = calloc(1, head + size);
	if (vector == NULL) {
		throw_errno(env, ENOMEM, "calloc");
		return false;
	}
	size = 0;
	if (!walk_strings(env, value, count, name, vector, (char *)vector + head, &size)) {
		free(vector);
		return false;
	}
	*result = vector;
	return true;
}

/* The symbolic name, which glibc of Debian 12 has as strerrorname_np. */
static const char *errno_name(int error)
{
	const char *name = strerrorname_np(error);

	return name != NULL ? name : "UNKNOWN";
}

napi_value throw_errno(napi_env env, int error, const char *syscall)
{
	char text[256];
	napi_value code, message, result, number, call;

	snprintf(text, sizeof(text), "%s: %s, %s", errno_name(error), strerror(error), syscall);
	if (napi_create_string_utf8(env, errno_name(error), NAPI_AUTO_LENGTH, &code) == napi_ok &&
	    napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &message) == napi_ok &&
	    napi_create_error(env, code, message, &result) == napi_ok &&
	    napi_create_int32(env, -error, &number) == napi_ok &&
	    napi_set_named_property(env, result, "errno", number) == napi_ok &&
	    napi_create_string_utf8(env, syscall, NAPI_AUTO_LENGTH, &call) == napi_ok &&
	    napi_set_named_property(env, result, "syscall", call) == napi_ok)
		napi_throw(env, result);
	return NULL;
}

napi_value new_integer(napi_env env, int64_t value)
{
	napi_value result = NULL;

	return napi_create_int64(env, value, &result) == napi_ok ? result : NULL;
}

napi_value new_bool(napi_env env, bool value)
{
	napi_value result = NULL;

	return napi_get_boolean(env, value, &result) == napi_ok ? result : NULL;
}

napi_value new_pair(napi_env env, int64_t first, int64_t second)
{
	napi_value array;

	if (napi_create_array_with_length(env, 2, &array) != napi_ok ||
	    napi_set_element(env, array, 0, new_integer(env, first)) != napi_ok ||
	    napi_set_element(env, array, 1, new_integer(env, second)) != napi_ok)
		return NULL;
	return array;
}

napi_value new_result(napi_env env, int64_t result, const char *syscall)
{
	return result < 0 ? throw_errno(env, errno, syscall) : new_integer(env, result);
}

bool set_named(napi_env env, napi_value object, const char *name, napi_value value)
{
	return value != NULL && napi_set_named_property(env, object, name, value) == napi_ok;
}

static void unmap(napi_env env, void *address, void *hint)
{
	(void)env;
	munmap(address, (size_t)(uintptr_t)hint);
}

napi_value new_mapped_buffer(napi_env env, void *address, size_t length)
{
	napi_value buffer;

	if (napi_create_external_arraybuffer(env, address, length, unmap, (void *)(uintptr_t)length, &buffer) ==
	    napi_ok)
		return buffer;
	munmap(address, length);
	throw_errno(env, ENOMEM, "napi_create_external_arraybuffer");
	return NULL;
}

void release_mapping(struct mapping *mapping)
{
	if (mapping == NULL || --mapping->references > 0)
		return;
	munmap(mapping->address, mapping->length);
	free(mapping);
}

static void finalize_mapping(napi_env env, void *address, void *mapping)
{
	(void)env;
	(void)address;
	release_mapping(mapping);
}

struct mapping *new_mapping(napi_env env, size_t length, napi_value *buffer)
{
	struct mapping *mapping = calloc(1, sizeof(*mapping));

	if (mapping == NULL) {
		throw_errno(env, ENOMEM, "calloc");
		return NULL;
	}
	mapping->length = length;
	mapping->references = 1;
	mapping->address = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mapping->address == MAP_FAILED) {
		free(mapping);
		throw_errno(env, ENOMEM, "mmap");
		return NULL;
	}
	if (napi_create_external_arraybuffer(env, mapping->address, length, finalize_mapping, mapping, buffer) !=
	    napi_ok) {
		release_mapping(mapping);
		throw_errno(env, ENOMEM, "napi_create_external_arraybuffer");
		return NULL;
	}
	mapping->references++;
	return mapping;
}
