/**
 * An address that a peer deals with: its connected socket, what it is waited on for, and the notices that are to go there.
 *
 * Nothing tells that whoever receives at an address has ended (sockets D3). A send says so, or a look at the address
 * (`DatagramSystem.probe`), which is done for addresses that something depends on.
 */
import { queueItemsMax } from '../../broker/contract/limits.js';
import type { Hold } from './hold.js';
import type { Entry, Lane } from './outbox.js';
import type { Patience } from './patience.js';
import { type DatagramSystem, full, type SendSocket, saysNobody, sent, tooLong } from './system.js';
import type { Use } from './use.js';
import { encodeAddress, type NoticeKind, noticeEntryBytes } from './wire.js';

/** What is said beside messages. */
export interface Notice {
  readonly kind: NoticeKind;
  readonly number: number;
  /** A ticket, or the secret of a call. */
  readonly key: Uint8Array;
}

/** What a contact tells its peer. Called from the event loop or from within a send; must not send. */
export interface ContactEvents {
  writable(contact: Contact): void;
  died(contact: Contact): void;
  /** It keeps notices that were refused. */
  kept(contact: Contact): void;
  /** A socket is going to be opened for a contact; was opened; was closed. */
  opening(): void;
  opened(contact: Contact): void;
  closed(contact: Contact): void;
}

export class Contact implements Lane {
  readonly path: string;
  /** As it stands in a frame. */
  readonly address: Buffer;
  readonly patience: Patience;
  isDead = false;
  isStalled = false;
  /** The last datagram was not taken, and the kernel will say when there is room. */
  isBlocked = false;
  /** Nobody will say when there is room, because there is no socket: it is to be tried now and then. */
  isUnwatched = false;
  /** Something was sent since somebody looked whether its socket can be spared. */
  wasUsed = false;
  /** Handles to nodes there. */
  readonly holds = new Set<Hold>();
  /** Handles that somebody there has to nodes here. */
  readonly uses = new Set<Use>();
  /** Calls that are to be answered from there. */
  calls = 0;
  /** Answers that somebody there waits for. */
  replies = 0;
  /** The ticket of its session, where it is a peer of this server; or of the session with it. */
  session: Buffer | undefined;
  /** How often it was welcomed. */
  welcomes = 0;
  /** Not sent yet. */
  notices: Notice[] = [];
  /** When it was last needed, in looks. */
  lastLook = 0;
  readonly #system: DatagramSystem;
  readonly #events: ContactEvents;
  #socket: SendSocket | undefined;
  #room: (() => void)[] = [];

  constructor(path: string, system: DatagramSystem, patience: Patience, events: ContactEvents) {
    this.path = path;
    this.address = encodeAddress(path);
    this.patience = patience;
    this.#system = system;
    this.#events = events;
  }

  /** Something depends on whether somebody is there. */
  get isNeeded(): boolean {
    return this.holds.size > 0 || this.uses.size > 0 || this.calls > 0 || this.session !== undefined;
  }

  /** Nothing here has to do with it. */
  get isIdle(): boolean {
    return !this.isNeeded && this.replies === 0 && this.notices.length === 0;
  }

  transmit(bytes: Buffer, length: number): number {
    if (this.#socket === undefined) {
      this.#events.opening();
      const opened = this.#system.connectExactly(this.path, () => this.#becameWritable());
      if (typeof opened === 'number') return this.#failed(opened);
      this.#socket = opened;
      this.isUnwatched = false;
      this.#events.opened(this);
    }
    const result = this.#socket.send(length === bytes.length ? bytes : bytes.subarray(0, length));
    this.wasUsed = true;
    if (result === sent || result === tooLong) return result;
    if (result !== full) return this.#failed(result);
    this.isBlocked = true;
    return full;
  }

  /** The notices of a stalled receiver come back, before those that are newer. */
  stalled(entries: readonly Entry[]): void {
    if (entries.length === 0) return;
    this.notices = [...entries.flatMap(({ bytes }) => noticesIn(bytes)), ...this.notices];
    this.#events.kept(this);
  }

  /** Keeps a notice for the next datagram. False if there are so many that the receiver is given up. */
  add(notice: Notice): boolean {
    this.notices.push(notice);
    return this.notices.length <= queueItemsMax;
  }

  /** Resolves when a send is worth another try. */
  room(): Promise<void> {
    return new Promise((resolve) => {
      this.#room.push(resolve);
    });
  }

  /** Lets those who wait for room go on. */
  offerRoom(): void {
    if (this.#room.length === 0) return;
    const waiting = this.#room;
    this.#room = [];
    for (const resolve of waiting) resolve();
  }

  /** Nobody is there, or nobody who could be dealt with. */
  die(): void {
    if (this.isDead) return;
    this.isDead = true;
    this.#events.died(this);
  }

  /** Closes the socket; the next send opens another. The kernel cannot say any more when there is room. */
  closeSocket(): void {
    if (this.#socket === undefined) return;
    this.#socket.close();
    this.#socket = undefined;
    this.isUnwatched = this.isBlocked;
    this.#events.closed(this);
  }

  #becameWritable(): void {
    this.isBlocked = false;
    if (!this.isDead) this.#events.writable(this);
  }

  #failed(errno: number): number {
    if (saysNobody(errno) || this.#socket !== undefined || !this.#isPassing(errno)) {
      this.die();
      return errno;
    }
    this.isUnwatched = true;
    this.isStalled = true;
    return full;
  }

  /** Whether another try may succeed although nobody there has done anything: there were no descriptors, or no memory. */
  #isPassing(errno: number): boolean {
    return errno === -24 || errno === -23 || errno === -12 || errno === -105;
  }
}

/** The notices of a frame that comes back. */
function noticesIn(frame: Buffer): Notice[] {
  const count = frame[3] ?? 0;
  const start = frame.length - count * noticeEntryBytes;
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * noticeEntryBytes;
    return {
      kind: frame.readUInt32LE(at) as NoticeKind,
      number: frame.readUInt32LE(at + 4),
      key: Buffer.from(frame.subarray(at + 8, at + noticeEntryBytes)),
    };
  });
}
