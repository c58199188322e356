{
  "targets": [
    {
      "target_name": "capstan_native",
      "sources": [
        "addon.c",
        "arguments.c",
        "descriptors.c",
        "limits.c",
        "loop-functions.c",
        "loop.c",
        "memory.c",
        "process.c",
        "receive.c",
        "send.c",
        "slots.c",
        "sockets.c",
        "spin.c",
        "turn.c"
      ],
      "defines": ["NAPI_VERSION=8", "_GNU_SOURCE"],
      "cflags!": ["-Wno-unused-parameter"],
      "cflags": ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter", "-O2", "-fvisibility=hidden"]
    }
  ]
}
