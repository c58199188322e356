/** The part of the package `unix-dgram` that is used; it comes without types. */
declare module 'unix-dgram' {
  /** `errno` is negative for a failed system call; without one (`code` 1) the receiver's queue is full. */
  interface SendError extends Error {
    readonly errno?: number;
    readonly code: number;
  }

  /** Events and callbacks are called before `bind`, `connect` and `send` return. */
  interface Socket {
    readonly fd: number;
    on(event: 'message', listener: (bytes: Buffer) => void): this;
    on(event: 'error', listener: (error: SendError) => void): this;
    on(event: 'writable', listener: () => void): this;
    bind(path: string): void;
    connect(path: string): void;
    /** Only on a connected socket. */
    send(bytes: Uint8Array, callback: (error?: SendError) => void): void;
    close(): void;
  }

  const unixDgram: { createSocket(type: 'unix_dgram', listener?: (bytes: Buffer) => void): Socket };
  export default unixDgram;
}
