/**
 * Readiness sockets: where a service tells its manager how it is (sd_notify(3), sockets D5).
 *
 * Each running service has an address of its own, with a secret in it: whoever knows the address speaks for the service, and
 * nobody has to guess from a process number that may be gone already whose word it is. A transport whose receive sockets take
 * plain datagrams offers such sockets; the supervisor opens one for each start of a service that wants it.
 */

export interface ReadinessSocketOptions {
  /** Path that the addresses begin with, `/run/capstan/control.datagram` for example; the socket appends its secret. */
  readonly pathPrefix: string;
  /** Whom the socket file belongs to; its mode is 0600. Changing it needs privileges where it is not one's own. */
  readonly uid: number;
  readonly gid: number;
  /** One datagram of `NAME=value` lines; borrowed for the duration of the call. Called from the event loop. */
  readonly message: (text: Uint8Array) => void;
}

export interface ReadinessSocket {
  /** The value of `NOTIFY_SOCKET`. */
  readonly path: string;
  /**
   * Takes what the kernel still holds for this socket and hands it to `message`, so that the word of a process that has
   * ended comes before its end.
   */
  drain(): void;
  /** Closes the socket and removes its file. Idempotent. */
  close(): void;
}

/** Opens one. Throws `system`, `address-too-long`; then nothing is left open. */
export type OpenReadinessSocket = (options: ReadinessSocketOptions) => ReadinessSocket;
