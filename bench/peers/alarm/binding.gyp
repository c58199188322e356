{
  "targets": [
    {
      "target_name": "capstan_alarm",
      "sources": ["alarm.c"],
      "defines": ["NAPI_VERSION=8", "_GNU_SOURCE"],
      "cflags!": ["-Wno-unused-parameter"],
      "cflags": ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter", "-O2", "-fvisibility=hidden"]
    }
  ]
}
