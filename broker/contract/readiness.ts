/**
 * Readiness sockets: where a service tells its manager how it is (sd_notify(3), services W1).
 *
 * Each start of a service has an address of its own, with a secret in it: whoever knows the address speaks for the service, and
 * nobody has to guess from a process number that may be gone already whose word it is. A transport whose receive sockets take
 * plain datagrams offers such sockets; the supervisor opens one for each start of a service that wants it.
 *
 * A socket outlives the process that opened it: whoever keeps a duplicate of its descriptor and its path can go on with it, and
 * what was sent meanwhile is still there.
 */

export interface ReadinessSocketOptions {
  /** Path that the addresses begin with, `/run/capstan/control.notify-` for example; the socket appends its secret. */
  readonly pathPrefix: string;
  /** Whom the socket file belongs to; its mode is 0600. Changing it needs privileges where it is not one's own. */
  readonly uid: number;
  readonly gid: number;
  /** Go on with this one instead of opening one. The descriptor is taken, also where this throws. */
  readonly inherited?: { readonly path: string; readonly descriptor: number } | undefined;
  /**
   * One datagram of `NAME=value` lines; borrowed for the duration of the call. Called from the event loop, and within `drain`. It is
   * taken from the kernel's queue after the call: a process that is killed within it loses nothing, and its successor gets
   * the same datagram again. Descriptors that came with it are closed then. May close the socket.
   */
  readonly message: (text: Uint8Array) => void;
}

export interface ReadinessSocket {
  /** The value of `NOTIFY_SOCKET`. */
  readonly path: string;
  /** To be duplicated for whoever keeps it; still the socket's. */
  readonly descriptor: number;
  /** Off: what arrives waits in the kernel, and a sender waits when its short queue is full. On at first. */
  setReading(on: boolean): void;
  /**
   * Takes what the kernel holds for this socket now, at most `readinessDrainMax` datagrams, and hands it to `message`, also while
   * reading is off: so that the word of a process that has ended comes before its end.
   */
  drain(): void;
  /** Closes the socket and removes its file. Idempotent. */
  close(): void;
}

/** Opens one. Throws `system`, `address-too-long`; then nothing is left open, and no file. */
export type OpenReadinessSocket = (options: ReadinessSocketOptions) => ReadinessSocket;
