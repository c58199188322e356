/**
 * The frames of the datagram transport, as pure functions over bytes (docs/protocol.md, section "datagram").
 *
 * A datagram holds one or more whole frames; what they say holds for the socket that it was sent to. Every frame begins alike:
 *
 *   0  u8  0xff      1  u8  version      2  u8  kind      3  u8  transfers or entries      4  u32  length of the frame
 *
 * No text begins with 0xff in UTF-8, so a datagram of the readiness protocol (sockets D5) is never taken for a frame. There is
 * no connection that a version could have been agreed on for messages between peers that never met: each frame names its own,
 * and HELLO and REFUSED keep their shape for ever.
 *
 * A *secret* is 16 random bytes. A *ticket* is 16 random bytes that stand for one use of a node (D1); its first half is the
 * key under which it is looked up, and the whole is compared in constant time. An *address* is a length and a path.
 *
 * `isDatagramSound` looks at everything that can be wrong before anybody sees a frame, so the readers behind it need not check.
 */
import { datagramBytesMax, messageHandlesMax, socketPathBytesMax } from '../../broker/contract/limits.js';

/** The one version of this protocol so far. */
export const version = 1;
/** What every frame begins with. */
export const magic = 0xff;

export const FrameKind = {
  /** Newcomer to door: wants a root. */
  Hello: 1,
  /** Server to newcomer: here is the root. */
  Welcome: 2,
  /** Server to newcomer: an error code instead. */
  Refused: 3,
  /** To a node. */
  Message: 4,
  /** To a node, with the address and the one-shot secret for the answer. */
  Call: 5,
  /** To a caller. */
  Answer: 6,
  /** To an owner (or caller): somebody else gets handles to its nodes (the right to answer its call). */
  Grant: 7,
  /** What is said beside messages, several at once. */
  Notice: 8,
} as const;

export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

export const TransferKind = {
  /** A handle that the sender holds: its owner has been told by a GRANT before. */
  Handle: 1,
  /** A node of the sender's own. */
  Node: 2,
  /** The right to answer a call; the caller has been told by a GRANT before. */
  Reply: 3,
  /** A handle whose node was gone when it was given away; nothing follows. */
  Gone: 4,
} as const;

export type TransferKind = (typeof TransferKind)[keyof typeof TransferKind];

export const NoticeKind = {
  /** Holder to owner: this use has ended. */
  Release: 1,
  /** Owner to holder: the node of this use is gone. */
  Gone: 2,
  /** Callee to caller: it will not answer the call with this serial and secret. */
  Lost: 3,
  /** Holder to owner: it has this use now, and wants to hear if the node is gone already. */
  Watch: 4,
  /** Newcomer to server: the session has ended. */
  Leave: 5,
  /** Server to newcomer: the session has ended. */
  End: 6,
} as const;

export type NoticeKind = (typeof NoticeKind)[keyof typeof NoticeKind];

export const headerBytes = 8;
export const secretBytes = 16;
export const helloBytes = 44;
export const welcomeBytes = 80;
export const refusedBytes = 28;
/** MESSAGE and ANSWER up to their transfers. */
export const messageHeadBytes = 28;
/** CALL up to the caller's address. */
export const callHeadBytes = 48;
/** One entry of a GRANT. */
export const grantEntryBytes = 40;
/** One entry of a NOTICE. */
export const noticeEntryBytes = 24;
/** Entries of one frame: they are counted in a byte. */
export const entriesMax = 255;
/** The longest address with its length. */
export const addressBytesMax = socketPathBytesMax + 1;
/** A transfer up to its address. */
const transferHeadBytes = 40;

/** What the name of every peer's socket ends in: this, and as many random letters. */
export const nameMark = '~';
export const nameLetters = 11;

/** Where the parts of a frame stand; filled by `readTransfers`, and valid until the next frame is read. */
export interface TransferView {
  readonly kind: number;
  readonly number: number;
  /** Offsets into the datagram. */
  readonly secretAt: number;
  readonly ticketAt: number;
  readonly addressAt: number;
}

export function writeHeader(bytes: Buffer, at: number, kind: FrameKind, count: number, length: number): void {
  bytes[at] = magic;
  bytes[at + 1] = version;
  bytes[at + 2] = kind;
  bytes[at + 3] = count;
  bytes.writeUInt32LE(length, at + 4);
}

/** Writes a length and the path; the offset behind them. `address` has the form that it has in a frame. */
export function writeAddress(bytes: Buffer, at: number, address: Uint8Array): number {
  bytes.set(address, at);
  return at + address.length;
}

/** A path in the form that it has in a frame. */
export function encodeAddress(path: string): Buffer {
  const text = Buffer.from(path);
  return Buffer.concat([Buffer.from([text.length]), text]);
}

export function addressLength(bytes: Uint8Array, at: number): number {
  return 1 + (bytes[at] ?? 0);
}

export function readAddress(bytes: Buffer, at: number): string {
  return bytes.toString('utf8', at + 1, at + addressLength(bytes, at));
}

/** Writes a HELLO; its length. `ticket` is that of an invitation, or zeros. */
export function writeHello(
  bytes: Buffer,
  secret: Uint8Array,
  ticket: Uint8Array,
  address: Uint8Array,
): number {
  const length = helloBytes + address.length;
  writeHeader(bytes, 0, FrameKind.Hello, 0, length);
  bytes.writeUInt16LE(version, 8);
  bytes.writeUInt16LE(version, 10);
  bytes.set(secret, 12);
  bytes.set(ticket, 28);
  writeAddress(bytes, helloBytes, address);
  return length;
}

/** Writes a WELCOME; its length. */
export function writeWelcome(
  bytes: Buffer,
  helloSecret: Uint8Array,
  session: Uint8Array,
  root: { readonly number: number; readonly secret: Uint8Array; readonly ticket: Uint8Array },
  address: Uint8Array,
): number {
  const length = welcomeBytes + address.length;
  writeHeader(bytes, 0, FrameKind.Welcome, 0, length);
  bytes.set(helloSecret, 8);
  bytes.set(session, 24);
  bytes.writeUInt32LE(version, 40);
  bytes.writeUInt32LE(root.number, 44);
  bytes.set(root.secret, 48);
  bytes.set(root.ticket, 64);
  writeAddress(bytes, welcomeBytes, address);
  return length;
}

/** Writes a REFUSED; its length. */
export function writeRefused(bytes: Buffer, helloSecret: Uint8Array, code: number): number {
  writeHeader(bytes, 0, FrameKind.Refused, 0, refusedBytes);
  bytes.writeUInt32LE(code, 8);
  bytes.set(helloSecret, 12);
  return refusedBytes;
}

/** Writes the number and the secret that MESSAGE, CALL and ANSWER have after the header, which is written last. */
export function writeDestination(bytes: Buffer, number: number, secret: Uint8Array): number {
  bytes.writeUInt32LE(number, headerBytes);
  bytes.set(secret, 12);
  return messageHeadBytes;
}

/** Writes what a CALL has after its destination; the offset behind it. */
export function writeReturn(bytes: Buffer, serial: number, secret: Uint8Array, address: Uint8Array): number {
  bytes.writeUInt32LE(serial, messageHeadBytes);
  bytes.set(secret, 32);
  return writeAddress(bytes, callHeadBytes, address);
}

/** Writes a transfer of a handle, a node or a reply; the offset behind it. */
export function writeTransfer(
  bytes: Buffer,
  at: number,
  kind: TransferKind,
  number: number,
  secret: Uint8Array,
  ticket: Uint8Array,
  address: Uint8Array,
): number {
  bytes.writeUInt32LE(kind, at);
  bytes.writeUInt32LE(number, at + 4);
  bytes.set(secret, at + 8);
  bytes.set(ticket, at + 24);
  return writeAddress(bytes, at + transferHeadBytes, address);
}

/** Writes the place of a handle that is gone; the offset behind it. */
export function writeGoneTransfer(bytes: Buffer, at: number): number {
  bytes.writeUInt32LE(TransferKind.Gone, at);
  return at + 4;
}

/** Writes entry number `index` of a GRANT whose address ends at `at`. */
export function writeGrantEntry(
  bytes: Buffer,
  at: number,
  index: number,
  isReply: boolean,
  number: number,
  secret: Uint8Array,
  ticket: Uint8Array,
): void {
  const entry = at + index * grantEntryBytes;
  bytes.writeUInt32LE(isReply ? TransferKind.Reply : TransferKind.Handle, entry);
  bytes.writeUInt32LE(number, entry + 4);
  bytes.set(secret, entry + 8);
  bytes.set(ticket, entry + 24);
}

/** Writes entry number `index` of a NOTICE whose address ends at `at`. `key` is a ticket, or the secret of a call. */
export function writeNoticeEntry(
  bytes: Buffer,
  at: number,
  index: number,
  kind: NoticeKind,
  number: number,
  key: Uint8Array,
): void {
  const entry = at + index * noticeEntryBytes;
  bytes.writeUInt32LE(kind, entry);
  bytes.writeUInt32LE(number, entry + 4);
  bytes.set(key, entry + 8);
}

/** Whether this side's version lies between the two that a HELLO names. */
export function isHelloUnderstood(bytes: Buffer, at: number): boolean {
  return bytes.readUInt16LE(at + 8) <= version && version <= bytes.readUInt16LE(at + 10);
}

/** Whether an address stands here, and ends where it should. */
export function isAddress(bytes: Buffer, at: number, end: number): boolean {
  return addressEnd(bytes, at, end) === end;
}

/** Where the frames of a datagram begin; none if it is not sound. */
export function* datagramFrames(bytes: Buffer): Iterable<number> {
  if (!isDatagramSound(bytes)) return;
  for (let at = 0; at < bytes.length; at += frameBytesAt(bytes, at)) yield at;
}

export function frameBytesAt(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + 4);
}

/** Where the transfers of a MESSAGE, CALL or ANSWER begin. */
export function transfersStart(bytes: Buffer, at: number, kind: number): number {
  if (kind !== FrameKind.Call) return at + messageHeadBytes;
  return at + callHeadBytes + addressLength(bytes, at + callHeadBytes);
}

/** The offset behind a transfer. */
export function transferEnd(bytes: Buffer, at: number): number {
  if (bytes.readUInt32LE(at) === TransferKind.Gone) return at + 4;
  return at + transferHeadBytes + addressLength(bytes, at + transferHeadBytes);
}

export function readTransfer(bytes: Buffer, at: number): TransferView {
  const kind = bytes.readUInt32LE(at);
  if (kind === TransferKind.Gone) return { kind, number: 0, secretAt: 0, ticketAt: 0, addressAt: 0 };
  const number = bytes.readUInt32LE(at + 4);
  return { kind, number, secretAt: at + 8, ticketAt: at + 24, addressAt: at + transferHeadBytes };
}

/** Whether a datagram is one or more whole, well-formed frames of this version. */
export function isDatagramSound(bytes: Buffer): boolean {
  if (bytes.length < headerBytes || bytes.length > datagramBytesMax) return false;
  for (let at = 0; at < bytes.length; ) {
    if (bytes.length - at < headerBytes || bytes[at] !== magic) return false;
    const end = at + bytes.readUInt32LE(at + 4);
    if (end < at + headerBytes || end > bytes.length) return false;
    if (!isFrameSound(bytes, at, end)) return false;
    at = end;
  }
  return true;
}

function isFrameSound(bytes: Buffer, at: number, end: number): boolean {
  const kind = bytes[at + 2];
  const count = bytes[at + 3] ?? 0;
  // The two that are understood across versions; later ones may be longer.
  if (kind === FrameKind.Hello) return count === 0 && addressEnd(bytes, at + helloBytes, end) > 0;
  if (kind === FrameKind.Refused) return count === 0 && end - at >= refusedBytes;
  if (bytes[at + 1] !== version) return false;
  switch (kind) {
    case FrameKind.Welcome:
      return count === 0 && addressEnd(bytes, at + welcomeBytes, end) === end;
    case FrameKind.Message:
    case FrameKind.Answer:
      return areTransfersSound(bytes, at + messageHeadBytes, end, count);
    case FrameKind.Call: {
      const start = addressEnd(bytes, at + callHeadBytes, end);
      return start > 0 && areTransfersSound(bytes, start, end, count);
    }
    case FrameKind.Grant:
      return areGrantsSound(bytes, addressEnd(bytes, at + headerBytes, end), end, count);
    case FrameKind.Notice:
      return areNoticesSound(bytes, addressEnd(bytes, at + headerBytes, end), end, count);
    default:
      return false;
  }
}

/**
 * The offset behind an address, or 0 if there is none here: an absolute path without NUL that ends in the name of a peer's
 * socket, because no peer is to send to anything else on somebody's word.
 */
function addressEnd(bytes: Buffer, at: number, end: number): number {
  if (at >= end) return 0;
  const length = bytes[at] ?? 0;
  const behind = at + 1 + length;
  const mark = behind - nameLetters - 1;
  if (length > socketPathBytesMax || behind > end || mark <= at + 1) return 0;
  if (bytes[at + 1] !== slash || bytes[mark] !== markByte) return 0;
  for (let index = at + 1; index < mark; index += 1) if (bytes[index] === 0) return 0;
  for (let index = mark + 1; index < behind; index += 1) if (!isNameLetter(bytes[index] ?? 0)) return 0;
  return behind;
}

const slash = 0x2f;
const markByte = 0x7e;

/** A letter of base64url: A–Z, a–z, 0–9, - and _. */
function isNameLetter(byte: number): boolean {
  return (
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x2d ||
    byte === 0x5f
  );
}

function areTransfersSound(bytes: Buffer, start: number, end: number, count: number): boolean {
  if (start > end || count > messageHandlesMax) return false;
  let at = start;
  for (let index = 0; index < count; index += 1) {
    if (at + 4 > end) return false;
    const kind = bytes.readUInt32LE(at);
    if (kind === TransferKind.Gone) {
      at += 4;
      continue;
    }
    if (kind !== TransferKind.Handle && kind !== TransferKind.Node && kind !== TransferKind.Reply)
      return false;
    at = addressEnd(bytes, at + transferHeadBytes, end);
    if (at === 0) return false;
  }
  return true;
}

function areGrantsSound(bytes: Buffer, start: number, end: number, count: number): boolean {
  if (start === 0 || count === 0 || end !== start + count * grantEntryBytes) return false;
  for (let at = start; at < end; at += grantEntryBytes) {
    const kind = bytes.readUInt32LE(at);
    if (kind !== TransferKind.Handle && kind !== TransferKind.Reply) return false;
  }
  return true;
}

function areNoticesSound(bytes: Buffer, start: number, end: number, count: number): boolean {
  if (start === 0 || count === 0 || end !== start + count * noticeEntryBytes) return false;
  for (let at = start; at < end; at += noticeEntryBytes) {
    const kind = bytes.readUInt32LE(at);
    if (kind < NoticeKind.Release || kind > NoticeKind.End) return false;
  }
  return true;
}
