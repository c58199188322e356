/**
 * Connecting: a peer whose first handle is the root that the server gives it. The wait for room at the door, for the welcome, and the
 * caller's patience are one deadline.
 */
import { statSync } from 'node:fs';
import { BrokerError, ErrorCode, errorName } from '../../broker/contract/errors.js';
import { helloTimeoutMs } from '../../broker/contract/limits.js';
import type { Time } from '../../broker/contract/platform.js';
import type { ConnectOptions, Handle, Session } from '../../broker/contract/transport.js';
import type { Contact } from './contact.js';
import { closeDescriptors } from './descriptors.js';
import { Hold } from './hold.js';
import { type Guest, readInvitation } from './invitation.js';
import { type DatagramParts, DatagramPeer } from './peer.js';
import { checkPath, type Places } from './place.js';
import { isSameSecret } from './secrets.js';
import { errnoName, full, type SendSocket, sent } from './system.js';
import {
  addressBytesMax,
  FrameKind,
  helloBytes,
  NoticeKind,
  secretBytes,
  welcomeBytes,
  writeHello,
} from './wire.js';

/** The caller's patience: its error, when the deadline has passed or the signal says so. */
class Patience {
  readonly ended: Promise<BrokerError>;
  readonly #stop: () => void;

  constructor(time: Time, options: ConnectOptions) {
    let end: (error: BrokerError) => void = () => {};
    this.ended = new Promise((resolve) => {
      end = resolve;
    });
    const timer = time.createTimer(() => {
      end(new BrokerError(ErrorCode.Deadline, 'the server did not answer in time'));
    });
    timer.arm(options.timeoutMs ?? helloTimeoutMs);
    const { signal } = options;
    const onAbort = (): void => end(new BrokerError(ErrorCode.Aborted, 'the connect was given up'));
    signal?.addEventListener('abort', onAbort);
    this.#stop = () => {
      timer.disarm();
      signal?.removeEventListener('abort', onAbort);
    };
  }

  stop(): void {
    this.#stop();
  }
}

/** Waits for the server's answer to one hello. */
class Newcomer {
  readonly secret: Buffer;
  readonly answered: Promise<Handle | BrokerError>;
  readonly #peer: DatagramPeer;
  #settle: (answer: Handle | BrokerError) => void = () => {};
  #isAnswered = false;

  constructor(peer: DatagramPeer, secret: Buffer) {
    this.#peer = peer;
    this.secret = secret;
    this.answered = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  greet(bytes: Buffer, at: number): void {
    if (this.#isAnswered) return;
    const kind = bytes[at + 2];
    if (kind === FrameKind.Refused && isSameSecret(this.secret, 0, bytes, at + 12)) {
      this.#isAnswered = true;
      this.#settle(refusalOf(bytes.readUInt32LE(at + 8)));
    }
    if (kind !== FrameKind.Welcome || !isSameSecret(this.secret, 0, bytes, at + 8)) return;
    const server = this.#peer.contacts.read(bytes, at + welcomeBytes);
    if (server === undefined) return;
    this.#isAnswered = true;
    const copied = (from: number): Buffer => Buffer.from(bytes.subarray(from, from + secretBytes));
    const [session, secret, ticket] = [copied(at + 24), copied(at + 48), copied(at + 64)];
    if (this.#peer.isClosed) {
      // Given up meanwhile: the server forgets it.
      this.#peer.contacts.notify(server, NoticeKind.Release, 0, ticket);
      this.#peer.contacts.notify(server, NoticeKind.Leave, 0, session);
      return;
    }
    const hold = new Hold(this.#peer, server, 'node', bytes.readUInt32LE(at + 44), secret, ticket);
    this.#peer.welcomed(server, session);
    this.#settle(this.#peer.receiveHold(hold));
  }

  left(_contact: Contact): void {}
}

/** Takes `options.descriptor`, also when it rejects; then nothing is left open. */
export async function connect(
  parts: DatagramParts,
  places: Places,
  options: ConnectOptions,
): Promise<Session> {
  const { path, descriptor } = options;
  const isAborted = options.signal?.aborted === true;
  if (isAborted || (path === undefined) === (descriptor === undefined)) {
    if (descriptor !== undefined) closeDescriptors([descriptor]);
    if (isAborted) throw new BrokerError(ErrorCode.Aborted, 'the connect was given up');
    throw new BrokerError(ErrorCode.InvalidArgument, 'connect needs a path or a descriptor, and not both');
  }
  const patience = new Patience(parts.time, options);
  try {
    const guest = descriptor === undefined ? atDoor(path ?? '') : invited(descriptor);
    return await greet(parts, places, options, guest, patience);
  } finally {
    patience.stop();
    if (descriptor !== undefined) closeDescriptors([descriptor]);
  }
}

function atDoor(path: string): Guest {
  checkPath(path);
  return { path, ticket: Buffer.alloc(secretBytes) };
}

function invited(descriptor: number): Guest {
  const guest = readInvitation(descriptor);
  if (guest !== undefined) return guest;
  throw new BrokerError(ErrorCode.Unreachable, 'the descriptor is not an invitation of this transport');
}

async function greet(
  parts: DatagramParts,
  places: Places,
  options: ConnectOptions,
  guest: Guest,
  patience: Patience,
): Promise<Session> {
  let room: () => void = () => {};
  const door = parts.system.connect(guest.path, () => room());
  if (typeof door === 'number') throw unreachable(guest.path, door);
  let peer: DatagramPeer | undefined;
  try {
    // Whoever can reach the door is to reach this peer.
    const file = statSync(guest.path, { throwIfNoEntry: false });
    if (file === undefined) throw unreachable(guest.path, 0);
    peer = new DatagramPeer(parts, options, (received) => places.bind(file, received));
    const newcomer = new Newcomer(peer, parts.secrets.make());
    peer.greeter = newcomer;
    const waitForRoom = (): Promise<undefined> =>
      new Promise((resolve) => {
        room = () => resolve(undefined);
      });
    await knock(door, guest, newcomer.secret, peer, waitForRoom, patience);
    const answer = await Promise.race([patience.ended, newcomer.answered]);
    if (answer instanceof BrokerError) throw answer;
    return { peer, root: answer };
  } catch (error) {
    peer?.close();
    throw error;
  } finally {
    door.close();
  }
}

/** Sends the hello, as soon as there is room at the door. */
async function knock(
  door: SendSocket,
  { path, ticket }: Guest,
  secret: Buffer,
  peer: DatagramPeer,
  waitForRoom: () => Promise<undefined>,
  patience: Patience,
): Promise<void> {
  const bytes = Buffer.alloc(helloBytes + addressBytesMax);
  const length = writeHello(bytes, secret, ticket, peer.self.address);
  for (;;) {
    const waiting = waitForRoom();
    const result = door.send(bytes.subarray(0, length));
    if (result === sent) return;
    if (result !== full) throw unreachable(path, result);
    const impatience = await Promise.race([patience.ended, waiting]);
    if (impatience !== undefined) throw impatience;
  }
}

function unreachable(path: string, result: number): BrokerError {
  const name = errnoName(result);
  if (name === 'EACCES' || name === 'EPERM') {
    return new BrokerError(ErrorCode.PermissionDenied, `${path} may not be sent to`);
  }
  if (name === 'EMFILE' || name === 'ENFILE') {
    return new BrokerError(ErrorCode.System, `no descriptor is free to reach ${path}`);
  }
  return new BrokerError(ErrorCode.Unreachable, `nobody listens on ${path}`);
}

/** What a server's refusal means; a code of a later version is a broken protocol. */
function refusalOf(code: number): BrokerError {
  const known = Object.values(ErrorCode).find((candidate) => candidate === code) ?? ErrorCode.Protocol;
  return new BrokerError(known, `the server refused the connection: ${errorName(code)}`);
}
