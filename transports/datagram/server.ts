/**
 * A door, and the peer that owns the roots.
 *
 * The door is a socket of its own: whoever can reach it can fill its queue and keep newcomers out, but not disturb the server's
 * peer, whose address only those are told who were let in. And its path is used again by a successor, whereas a peer's never is.
 */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import { peersMax } from '../../broker/contract/limits.js';
import {
  type CapabilityNode,
  type Credentials,
  type Peer,
  type RootChooser,
  type ServeOptions,
  type Server,
  unknownCredentials,
} from '../../broker/contract/transport.js';
import type { PacketLoop } from '../../broker/native/packets.js';
import type { Contact } from './contact.js';
import { Invitation } from './invitation.js';
import { DatagramNode } from './node.js';
import { posted, queued } from './outbox.js';
import { type DatagramParts, DatagramPeer } from './peer.js';
import { bindBeside, bindDoor, ownUid, systemFault } from './place.js';
import { isSameSecret, ticketKey } from './secrets.js';
import type { ReceiveSocket } from './system.js';
import {
  addressBytesMax,
  datagramFrames,
  FrameKind,
  helloBytes,
  isHelloUnderstood,
  NoticeKind,
  refusedBytes,
  secretBytes,
  welcomeBytes,
  writeRefused,
  writeWelcome,
} from './wire.js';

/** Socket files are private unless the server says otherwise. */
const defaultMode = 0o600;
const invitationsMax = peersMax;
/** Hellos of one address that are answered: each costs a use of the root, and a newcomer says hello once. */
const welcomesMax = 8;
const noTicket = Buffer.alloc(secretBytes);

export class DatagramServer implements Server {
  readonly peer: Peer;
  readonly descriptor = undefined;
  readonly #peer: DatagramPeer;
  readonly #parts: DatagramParts;
  readonly #loop: PacketLoop;
  readonly #path: string;
  readonly #door: ReceiveSocket;
  readonly #chooseRoot: RootChooser;
  readonly #invitations = new Map<number, Invitation>();
  readonly #scratch = Buffer.alloc(Math.max(welcomeBytes + addressBytesMax, refusedBytes));
  #peers = 0;
  #isClosed = false;

  /** Throws `address-in-use`, `address-too-long`, `system`, or what `options.root` throws; then nothing is left. */
  constructor(parts: DatagramParts, loop: PacketLoop, path: string, options: ServeOptions) {
    this.#parts = parts;
    this.#loop = loop;
    this.#path = path;
    const mode = options.mode ?? defaultMode;
    this.#door = bindDoor(parts.system, path, mode, (bytes) => this.#knock(bytes));
    try {
      const open = (received: (bytes: Buffer) => void): ReceiveSocket =>
        bindBeside(parts.system, parts.secrets, path, mode & 0o666, received);
      this.#peer = new DatagramPeer(parts, options, open);
    } catch (error) {
      this.#door.close();
      throw error;
    }
    this.peer = this.#peer;
    this.#peer.sessionNotice = NoticeKind.End;
    this.#peer.greeter = {
      greet: (bytes, at) => this.#greet(bytes, at),
      left: () => {
        this.#peers -= 1;
      },
    };
    try {
      this.#chooseRoot = options.root(this);
    } catch (error) {
      this.#door.close();
      this.#peer.close();
      throw error;
    }
    // The server ends with its peer, whoever closes it.
    void this.#peer.ended.then(() => this.close());
  }

  get peers(): number {
    return this.#peers;
  }

  invite(root: CapabilityNode): number {
    if (this.#isClosed) throw new BrokerError(ErrorCode.Closed, 'the server was closed before');
    if (!(root instanceof DatagramNode) || root.owner !== this.#peer) {
      throw new BrokerError(ErrorCode.InvalidArgument, `the root is not a node of the server's peer`);
    }
    if (root.isDestroyed) throw new BrokerError(ErrorCode.Closed, 'the node was destroyed before');
    if (this.#invitations.size >= invitationsMax) {
      throw new BrokerError(ErrorCode.OverQuota, `a server has at most ${invitationsMax} invitations`);
    }
    const ticket = this.#parts.secrets.make();
    const key = ticketKey(ticket, 0);
    try {
      const { path } = this.#peer.self;
      const invitation = new Invitation(this.#loop, path, ticket, root, () => this.#withdraw(key));
      this.#invitations.set(key, invitation);
      return invitation.descriptor;
    } catch (error) {
      throw systemFault('cannot make an invitation', error);
    }
  }

  close(options: { readonly keepSocket?: boolean } = {}): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#door.close(options.keepSocket === true);
    for (const invitation of this.#invitations.values()) invitation.close();
    this.#invitations.clear();
    this.#peers = 0;
    this.#peer.close();
  }

  #withdraw(key: number): void {
    this.#invitations.get(key)?.close();
    this.#invitations.delete(key);
  }

  /** Something has come to the door, which understands HELLO only. */
  #knock(bytes: Buffer): void {
    for (const at of datagramFrames(bytes)) this.#greet(bytes, at);
  }

  #greet(bytes: Buffer, at: number): void {
    if (this.#isClosed || bytes[at + 2] !== FrameKind.Hello) return;
    const contact = this.#peer.contacts.read(bytes, at + helloBytes);
    if (contact === undefined || contact === this.#peer.self || contact.welcomes >= welcomesMax) return;
    const hello = bytes.subarray(at + 12, at + 12 + secretBytes);
    const root = isHelloUnderstood(bytes, at) ? this.#rootFor(bytes, at) : ErrorCode.Version;
    if (typeof root !== 'number') this.#welcome(contact, hello, root);
    else this.#peer.contacts.outbox.post(contact, this.#scratch, writeRefused(this.#scratch, hello, root));
  }

  /** The root of a newcomer: that of its invitation, or the one that is chosen for those who come to the door. */
  #rootFor(bytes: Buffer, at: number): DatagramNode | ErrorCode {
    if (this.#peers >= peersMax) return ErrorCode.OverQuota;
    let root: CapabilityNode | undefined;
    if (isSameSecret(noTicket, 0, bytes, at + 28)) {
      root = this.#chooseSafely();
    } else {
      const key = ticketKey(bytes, at + 28);
      const invitation = this.#invitations.get(key);
      if (invitation === undefined || !isSameSecret(invitation.ticket, 0, bytes, at + 28)) {
        return ErrorCode.Unreachable;
      }
      root = invitation.root;
      this.#withdraw(key);
    }
    if (root instanceof DatagramNode && !root.isDestroyed && root.owner === this.#peer) return root;
    return ErrorCode.PermissionDenied;
  }

  #chooseSafely(): CapabilityNode | undefined {
    let root: CapabilityNode | undefined;
    this.#peer.guard(() => {
      root = this.#chooseRoot(this.#provenCredentials());
    });
    return root;
  }

  /**
   * What is proven about whoever sends to the door: if its directory is private to the own user, nobody else but root can have
   * reached it (sockets D4); otherwise nothing.
   */
  #provenCredentials(): Credentials {
    const found = statSync(dirname(this.#path), { throwIfNoEntry: false });
    const uid = ownUid();
    const isPrivate = found?.isDirectory() === true && found.uid === uid && (found.mode & 0o077) === 0;
    return isPrivate ? { pid: 0, uid, gid: process.getegid?.() ?? 0 } : unknownCredentials;
  }

  #welcome(contact: Contact, hello: Uint8Array, root: DatagramNode): void {
    const { secrets } = this.#parts;
    const ticket = secrets.make();
    // Another hello from an address does not prove that it comes from there: the session stays what it was. The welcome goes to the
    // address, so whoever is there learns the same in whatever order the hellos came, and nobody else learns anything.
    const isNew = contact.session === undefined;
    const session = contact.session ?? secrets.make();
    const { uses, contacts } = this.#peer;
    const use = uses.open(ticket, root, contact, true);
    if (use === undefined) return;
    contact.welcomes += 1;
    root.inUse();
    if (isNew) this.#peers += 1;
    contact.session = session;
    const { number, secret } = root;
    const length = writeWelcome(
      this.#scratch,
      hello,
      session,
      { number, secret, ticket },
      contacts.self.address,
    );
    const undo = (): void => {
      uses.end(use);
      if (!isNew || contact.session !== session) return;
      contact.session = undefined;
      this.#peers -= 1;
    };
    const code = contacts.outbox.post(contact, this.#scratch, length);
    if (code === queued) contacts.outbox.attach({ accepted: () => {}, refused: undo });
    else if (code !== posted) undo();
  }
}
