/*
 * The addon: what Node does not offer and Capstan needs from Linux. Node-API only (NAPI_VERSION 8), beside libuv's
 * public functions for the event loop. `addon.ts` declares every function and says what it does.
 */
#include "arguments.h"

static bool export_functions(napi_env env, napi_value exports, const struct native_function *functions)
{
	for (; functions->name != NULL; functions++) {
		napi_value function;

		if (napi_create_function(env, functions->name, NAPI_AUTO_LENGTH, functions->call, NULL, &function) !=
			    napi_ok ||
		    !set_named(env, exports, functions->name, function))
			return false;
	}
	return true;
}

NAPI_MODULE_INIT(/* napi_env env, napi_value exports */)
{
	static const struct native_function *const files[] = {
		descriptor_functions, limit_functions, loop_functions, memory_functions, process_functions, socket_functions,
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (!export_functions(env, exports, files[i]))
			return NULL;
	return exports;
}
