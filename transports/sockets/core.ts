/**
 * What the parts of one peer share: the loop, time, the system calls that it needs besides packets, and the ledger of what is
 * open. Handles, nodes and replies are given a core when they are made and know nothing of the peer that made it.
 */
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import type { Time } from '../../broker/contract/platform.js';
import type { Handle, Manifest } from '../../broker/contract/transport.js';
import type { PacketLoop } from '../../broker/native/packets.js';
import type { CallLedger } from './calls.js';
import type { Fences } from './fences.js';
import type { Link } from './link.js';
import type { PayloadCopier } from './payload.js';
import type { Witness } from './witness.js';

/** A system call was refused, with its errno as a positive number. */
export class SystemRefusal extends Error {
  override readonly name = 'SystemRefusal';
  /** `EMFILE` and so on. */
  readonly code: string;
  readonly errno: number;

  constructor(call: string, code: string, errno: number) {
    super(`${call}: ${code}`);
    this.code = code;
    this.errno = errno;
  }
}

/** The system calls of this transport. Descriptors are close-on-exec and non-blocking from birth, and the caller's. */
export interface SocketSystem {
  /** A connected pair of SOCK_SEQPACKET sockets. Throws `SystemRefusal`. */
  createPair(): readonly [number, number];
  /** A listening socket; fails with EADDRINUSE if the path exists. Throws `SystemRefusal`. */
  listen(path: string, mode: number, backlog: number): number;
  /** A connected socket, at once or not at all. Throws `SystemRefusal`; EAGAIN says that the backlog is full. */
  connect(path: string): number;
  /** Sets SO_PASSCRED. Throws `SystemRefusal`. */
  passCredentials(descriptor: number): void;
  /** Sets SO_PASSRIGHTS where the kernel has it (sockets S12); otherwise nothing happens. */
  passRights(descriptor: number, on: boolean): void;
  /** A descriptor that stands for the inode of a path and is good for nothing but that: O_PATH. Throws `SystemRefusal`. */
  openPath(path: string): number;
  /** Throws `SystemRefusal`. */
  duplicate(descriptor: number): number;
  /** Bytes of all packets that wait in the kernel to be received from this socket. Throws `SystemRefusal`. */
  unreadBytes(descriptor: number): number;
  /** Whether it is a SOCK_SEQPACKET socket. */
  isSocket(descriptor: number): boolean;
  /** Sealed memory with these bytes. Throws `SystemRefusal`. */
  sealBytes(bytes: Uint8Array): number;
  /** The bytes of sealed memory; `undefined` if it is anything else, or not of this length, or there is no memory for them. */
  readSealed(descriptor: number, length: number): Uint8Array | undefined;
  /** 16 bytes that nobody can guess. */
  createToken(): Uint8Array;
  /** A number that is not open is ignored. */
  close(descriptor: number): void;
}

/** The shared part of a peer. */
export interface PeerCore {
  readonly loop: PacketLoop;
  readonly time: Time;
  readonly system: SocketSystem;
  readonly manifest: Manifest;
  readonly calls: CallLedger;
  readonly payloads: PayloadCopier;
  /** Present where a new holder is to come after all that the giver sent (sockets S5). */
  readonly fences: Fences | undefined;
  /** Present at the peer of a server. */
  readonly witness: Witness | undefined;
  readonly isClosed: boolean;
  /** Handles that the program holds. */
  handles: number;
  /** Replies that the program holds. */
  replies: number;
  /** Connections on which something waits for a later try after the kernel refused descriptors. */
  retryLater(link: Link): void;
  /** Everything that has a socket and must be ended with the peer. */
  readonly open: Set<Closable>;
  /** Takes the descriptor of a handle that arrived. Throws if it is not a connected SOCK_SEQPACKET socket; it is closed then. */
  receiveHandle(descriptor: number, fence: number): Handle;
  /** The place of a handle that was gone when it was given away. */
  receiveGone(): Handle;
  /** Takes the descriptor of a reply that arrived; throws like `receiveHandle`. */
  receiveReply(descriptor: number): Handle;
  /** Takes what a receiver threw (C7). */
  fault(error: unknown): void;
  /** The root's owner has ended. */
  rootLost(): void;
}

/** Ends with its peer. */
export interface Closable {
  closeWithPeer(): void;
}

/** How many milliseconds after the kernel refused descriptors another try is worth while. */
export const retryMs = 20;

const errnoEPERM = 1;
const errnoEBADF = 9;
/** The refusals that pass: too many descriptors in flight, or none free, or no memory for them. */
const passingErrnos: ReadonlySet<number> = new Set([109, 24, 23, 12, 105]);

/** What an errno of a send with descriptors, or of a system call for one, means to the caller. */
export function refusalOf(errno: number): BrokerError {
  if (passingErrnos.has(errno)) {
    return new BrokerError(
      ErrorCode.OverQuota,
      `the kernel has no room for more descriptors (errno ${errno}); close some, or try again when writable`,
    );
  }
  if (errno === errnoEPERM) {
    return new BrokerError(ErrorCode.Unsupported, 'the other side takes no descriptors');
  }
  if (errno === errnoEBADF) {
    return new BrokerError(ErrorCode.InvalidArgument, 'one of the descriptors is not open');
  }
  return new BrokerError(ErrorCode.System, `sending descriptors failed with errno ${errno}`);
}

/** Closes descriptors that will not be used. */
export function closeAll(system: SocketSystem, descriptors: readonly number[] | undefined): void {
  if (descriptors === undefined) return;
  for (const descriptor of descriptors) system.close(descriptor);
}
