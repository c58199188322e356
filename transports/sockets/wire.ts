/**
 * The frames of the sockets transport, as pure functions over bytes (docs/protocol.md, section "sockets").
 *
 * A connection has two ends that speak differently: the *holder* sends messages and calls, the *owner* of the node
 * answers. Each direction begins with its own greeting (HELLO, WELCOME or REFUSE), so the version is known from the first
 * byte. A packet holds one or more whole frames (sockets S9); a frame starts with the header that all our protocols share:
 *
 *   0  u32  length of the frame, a multiple of 8      4  u8  kind      5  u8  flags         6  u8  descriptors      7  u8  padding
 *
 * MESSAGE, CALL and REPLY continue alike: serial, number of transfers, one entry of 8 bytes for each transfer, payload,
 * padding. The descriptors of a frame are first those of its transfers, in order, and then the message's own.
 *
 * A payload above `inlineBytesMax` is not in the frame (sockets S9): with `sealedFlag` its length stands in its place, and the
 * frame's very first descriptor is the sealed memory that has it.
 *
 * `isPacketSound` looks at everything that can be wrong with a packet before anybody sees a frame of it, so the readers behind
 * it need not check again, and a bad frame in the middle has no half effect.
 */
import {
  frameHeaderBytes,
  inlineBytesMax,
  messageHandlesMax,
  payloadBytesMax,
  sealedBytesInFlightMax,
} from '../../broker/contract/limits.js';

/** The one version of this protocol so far. */
export const version = 1;
/** The letters "CAPS", little-endian: what HELLO and WELCOME begin with. */
export const magic = 0x53504143;

export const FrameKind = {
  /** Holder: magic, lowest and highest version it speaks, fence. First on every connection, before its first frame. */
  Hello: 1,
  /** Owner: magic, version chosen. First on every connection, before its first frame. */
  Welcome: 2,
  /** Owner: error code. Instead of WELCOME; the connection is closed after it. */
  Refuse: 3,
  /** Holder: a message to the node. */
  Message: 4,
  /** Holder: a message that wants a reply. */
  Call: 5,
  /** Owner (or the holder of a reply that was given away): the answer to the call with this serial. */
  Reply: 6,
  /** Owner: the call with this serial will never be answered. */
  ReplyLost: 7,
  /** Owner: the call with this serial is answered on the connection that this frame carries. */
  ReplyAttach: 8,
  /** Holder: attach the connection that this frame carries to the same node. */
  Attach: 9,
  /** Both: how many descriptors have arrived so far, modulo 2^32. */
  Ack: 10,
  /** Owner: the node was destroyed, or this holder's grant was taken back. The connection is closed after it. */
  Gone: 11,
  /** Holder: one step of the question whether another handle of the sender leads to this node too. */
  Same: 12,
  /** Owner: the result of the step with this serial. */
  SameAnswer: 13,
  /** Owner: whether it takes more connections that this holder attaches: 0 no, 1 yes, after it was no. */
  Room: 14,
} as const;

export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

export const TransferKind = {
  /** A handle: the descriptor is a connection to its node. */
  Handle: 1,
  /** A reply: the descriptor is a connection on which the caller waits for one REPLY. */
  Reply: 2,
  /** A handle whose node was gone when it was given away; no descriptor. */
  Gone: 3,
} as const;

export type TransferKind = (typeof TransferKind)[keyof typeof TransferKind];

/** The steps of SAME, in order. */
export const SameStep = { Prepare: 1, Note: 2, Ask: 3 } as const;

export type SameStep = (typeof SameStep)[keyof typeof SameStep];

/** The results of SAME_ANSWER: no; yes, or done; too many questions at once; the sender is unknown. */
export const SameResult = { No: 0, Yes: 1, Full: 2, Unknown: 3 } as const;

export type SameResult = (typeof SameResult)[keyof typeof SameResult];

/** MESSAGE, CALL and REPLY: the payload is outside of the packet. */
export const sealedFlag = 1;
/** What stands in its place: its length and a reserved word. */
export const sealedPlaceBytes = 8;

export const helloBytes = 24;
export const welcomeBytes = 16;
export const sameBytes = 32;
export const sameTokenBytes = 16;
/** REFUSE, REPLY_LOST, REPLY_ATTACH, ATTACH, ACK, SAME_ANSWER and ROOM: the header and two words. */
export const shortFrameBytes = 16;
export const goneBytes = frameHeaderBytes;
/** MESSAGE, CALL and REPLY up to the transfer entries. */
export const messageHeadBytes = 16;
export const transferEntryBytes = 8;

/** Bytes of a MESSAGE, CALL or REPLY frame with its padding. */
export function messageFrameBytes(transfers: number, payloadBytes: number): number {
  return (messageHeadBytes + transfers * transferEntryBytes + payloadBytes + 7) & ~7;
}

export function writeHeader(
  view: DataView,
  at: number,
  length: number,
  kind: FrameKind,
  descriptors: number,
  padding: number,
): void {
  view.setUint32(at, length, true);
  view.setUint32(at + 4, kind | (descriptors << 16) | (padding << 24), true);
}

/** Writes a HELLO of `helloBytes`. */
export function writeHello(view: DataView, at: number, fence: number): void {
  writeHeader(view, at, helloBytes, FrameKind.Hello, 0, 0);
  view.setUint32(at + 8, magic, true);
  view.setUint32(at + 12, version | (version << 16), true);
  view.setUint32(at + 16, fence, true);
  view.setUint32(at + 20, 0, true);
}

/** Writes a WELCOME of `welcomeBytes`. */
export function writeWelcome(view: DataView, at: number): void {
  writeHeader(view, at, welcomeBytes, FrameKind.Welcome, 0, 0);
  view.setUint32(at + 8, magic, true);
  view.setUint32(at + 12, version, true);
}

/** Writes a frame of `shortFrameBytes`; what the words mean depends on the kind. */
export function writeShort(
  view: DataView,
  at: number,
  kind: FrameKind,
  descriptors: number,
  first: number,
  second: number,
): void {
  writeHeader(view, at, shortFrameBytes, kind, descriptors, 0);
  view.setUint32(at + 8, first, true);
  view.setUint32(at + 12, second, true);
}

/** Writes a SAME of `sameBytes`; the token has `sameTokenBytes`. */
export function writeSame(
  view: DataView,
  at: number,
  serial: number,
  step: SameStep,
  token: Uint8Array,
): void {
  writeHeader(view, at, sameBytes, FrameKind.Same, 0, 0);
  view.setUint32(at + 8, serial, true);
  view.setUint32(at + 12, step, true);
  for (let index = 0; index < sameTokenBytes; index += 1) view.setUint8(at + 16 + index, token[index] ?? 0);
}

/** The token of a SAME, in hexadecimal. */
export function sameTokenAt(view: DataView, at: number): string {
  let text = '';
  for (let word = 0; word < sameTokenBytes; word += 4) {
    text += view
      .getUint32(at + 16 + word)
      .toString(16)
      .padStart(8, '0');
  }
  return text;
}

/** Writes a GONE of `goneBytes`. */
export function writeGone(view: DataView, at: number): void {
  writeHeader(view, at, goneBytes, FrameKind.Gone, 0, 0);
}

/** Writes everything of a MESSAGE, CALL or REPLY before its payload; `length` is `messageFrameBytes(…)`. */
export function writeMessageHead(
  view: DataView,
  at: number,
  length: number,
  kind: FrameKind,
  serial: number,
  transfers: number,
  descriptors: number,
  payloadBytes: number,
): void {
  const padding = length - messageHeadBytes - transfers * transferEntryBytes - payloadBytes;
  view.setUint32(at, length, true);
  view.setUint32(at + 4, kind | (descriptors << 16) | (padding << 24), true);
  view.setUint32(at + 8, serial, true);
  view.setUint32(at + 12, transfers, true);
}

/** Marks a message whose head is written as one whose payload, of so many bytes, is outside of the packet. */
export function writeSealedPlace(view: DataView, at: number, transfers: number, payloadBytes: number): void {
  view.setUint8(at + 5, sealedFlag);
  const place = at + messageHeadBytes + transfers * transferEntryBytes;
  view.setUint32(place, payloadBytes, true);
  view.setUint32(place + 4, 0, true);
}

/** Writes the entry of transfer number `index`. */
export function writeTransfer(
  view: DataView,
  at: number,
  index: number,
  kind: TransferKind,
  fence: number,
): void {
  const entry = at + messageHeadBytes + index * transferEntryBytes;
  view.setUint32(entry, kind, true);
  view.setUint32(entry + 4, fence, true);
}

/** Writes payload and padding, which end the frame. The padding is zeroed: the memory had other people's bytes. */
export function writePayload(
  bytes: Uint8Array,
  at: number,
  length: number,
  transfers: number,
  payload: Uint8Array,
): void {
  const start = at + messageHeadBytes + transfers * transferEntryBytes;
  bytes.set(payload, start);
  for (let rest = start + payload.byteLength; rest < at + length; rest += 1) bytes[rest] = 0;
}

export function frameBytesAt(view: DataView, at: number): number {
  return view.getUint32(at, true);
}

export function frameKindAt(view: DataView, at: number): number {
  return view.getUint8(at + 4);
}

/** How many of the packet's descriptors belong to this frame. */
export function frameDescriptorsAt(view: DataView, at: number): number {
  return view.getUint8(at + 6);
}

/** The first word after the header: serial (SAME and SAME_ANSWER too), fence (ATTACH), code (REFUSE), count (ACK), whether (ROOM). */
export function firstWordAt(view: DataView, at: number): number {
  return view.getUint32(at + 8, true);
}

/** The second word after the header: fence (REPLY_ATTACH), step (SAME), result (SAME_ANSWER), number of transfers (MESSAGE, CALL, REPLY). */
export function secondWordAt(view: DataView, at: number): number {
  return view.getUint32(at + 12, true);
}

export function transferKindAt(view: DataView, at: number, index: number): number {
  return view.getUint32(at + messageHeadBytes + index * transferEntryBytes, true);
}

export function transferFenceAt(view: DataView, at: number, index: number): number {
  return view.getUint32(at + messageHeadBytes + index * transferEntryBytes + 4, true);
}

/** Offset of the payload of a MESSAGE, CALL or REPLY. */
export function payloadStartAt(view: DataView, at: number): number {
  return at + messageHeadBytes + view.getUint32(at + 12, true) * transferEntryBytes;
}

/** Whether the payload of a MESSAGE, CALL or REPLY is outside of the packet; at `payloadStartAt` is its length then. */
export function isSealedAt(view: DataView, at: number): boolean {
  return view.getUint8(at + 5) === sealedFlag;
}

/** Offset behind the payload of a MESSAGE, CALL or REPLY. */
export function payloadEndAt(view: DataView, at: number): number {
  return at + view.getUint32(at, true) - view.getUint8(at + 7);
}

/** Bytes of the payload of a MESSAGE, CALL or REPLY, wherever it is. */
export function messageBytesAt(view: DataView, at: number): number {
  const start = payloadStartAt(view, at);
  return isSealedAt(view, at) ? view.getUint32(start, true) : payloadEndAt(view, at) - start;
}

/** The fence of a HELLO. */
export function helloFenceAt(view: DataView, at: number): number {
  return view.getUint32(at + 16, true);
}

/** Whether this side's version lies between the two that a HELLO names. */
export function isHelloUnderstood(view: DataView, at: number): boolean {
  return view.getUint16(at + 12, true) <= version && version <= view.getUint16(at + 14, true);
}

/** Whether a WELCOME chose a version that this side speaks. */
export function isWelcomeUnderstood(view: DataView, at: number): boolean {
  return view.getUint16(at + 12, true) === version;
}

/** Whether a packet is one or more whole, well-formed frames whose descriptors add up to `descriptors`. */
export function isPacketSound(view: DataView, at: number, length: number, descriptors: number): boolean {
  const end = at + length;
  let unclaimed = descriptors;
  let sealedBytes = 0;
  let next = at;
  while (next < end) {
    if (end - next < frameHeaderBytes) return false;
    const frameBytes = view.getUint32(next, true);
    if (frameBytes < frameHeaderBytes || (frameBytes & 7) !== 0 || frameBytes > end - next) return false;
    const word = view.getUint32(next + 4, true);
    if (!isFrameSound(view, next, frameBytes, word)) return false;
    if ((word & 0xff00) !== 0) sealedBytes += sealedBytesAt(view, next);
    unclaimed -= (word >>> 16) & 0xff;
    next += frameBytes;
  }
  // Nobody may have more unacknowledged, and who copies it all in one turn must know how much that can be.
  return unclaimed === 0 && length > 0 && sealedBytes <= sealedBytesInFlightMax;
}

/** Whether one frame has the shape of its kind; `word` is the second word of its header. */
function isFrameSound(view: DataView, at: number, frameBytes: number, word: number): boolean {
  const kind = word & 0xff;
  if (kind === FrameKind.Call || kind === FrameKind.Reply || kind === FrameKind.Message) {
    return isMessageSound(view, at, frameBytes, word);
  }
  // Other flags are zero in this version, so that a later one can give them a meaning.
  if ((word & 0xff00_ff00) !== 0) return false;
  const descriptors = (word >>> 16) & 0xff;
  switch (kind) {
    case FrameKind.Attach:
    case FrameKind.ReplyAttach:
      return descriptors === 1 && frameBytes === shortFrameBytes;
    case FrameKind.Ack:
    case FrameKind.ReplyLost:
    case FrameKind.Refuse:
    case FrameKind.SameAnswer:
    case FrameKind.Room:
      return descriptors === 0 && frameBytes === shortFrameBytes;
    case FrameKind.Same:
      return descriptors === 0 && frameBytes === sameBytes;
    case FrameKind.Gone:
      return descriptors === 0 && frameBytes === goneBytes;
    // Greetings of later versions may be longer; what this version knows stays where it is.
    case FrameKind.Hello:
      return descriptors === 0 && frameBytes >= helloBytes && view.getUint32(at + 8, true) === magic;
    case FrameKind.Welcome:
      return descriptors === 0 && frameBytes >= welcomeBytes && view.getUint32(at + 8, true) === magic;
    default:
      return false;
  }
}

/** Whether the parts of a MESSAGE, CALL or REPLY fit into it, and its transfers and its payload have their descriptors. */
function isMessageSound(view: DataView, at: number, frameBytes: number, word: number): boolean {
  const descriptors = (word >>> 16) & 0xff;
  const padding = word >>> 24;
  if (frameBytes < messageHeadBytes || padding > 7) return false;
  const transfers = view.getUint32(at + 12, true);
  if (transfers > messageHandlesMax) return false;
  const payloadBytes = frameBytes - messageHeadBytes - transfers * transferEntryBytes - padding;
  if (payloadBytes < 0 || payloadBytes > inlineBytesMax) return false;
  let needed = 0;
  if ((word & 0xff00) !== 0) {
    if (((word >>> 8) & 0xff) !== sealedFlag || !isSealedPlaceSound(view, at, transfers, payloadBytes))
      return false;
    needed = 1;
  }
  for (let index = 0; index < transfers; index += 1) {
    const kind = transferKindAt(view, at, index);
    if (kind === TransferKind.Handle || kind === TransferKind.Reply) needed += 1;
    else if (kind !== TransferKind.Gone) return false;
  }
  return needed <= descriptors;
}

/** The length of the payload outside of the packet; only for a sound frame that has `sealedFlag`. */
function sealedBytesAt(view: DataView, at: number): number {
  return view.getUint32(at + messageHeadBytes + view.getUint32(at + 12, true) * transferEntryBytes, true);
}

/** Whether the length of a payload outside of the packet stands where it should, and is one that does not fit into a packet. */
function isSealedPlaceSound(view: DataView, at: number, transfers: number, placeBytes: number): boolean {
  if (placeBytes !== sealedPlaceBytes) return false;
  const place = at + messageHeadBytes + transfers * transferEntryBytes;
  const payloadBytes = view.getUint32(place, true);
  return (
    payloadBytes > inlineBytesMax && payloadBytes <= payloadBytesMax && view.getUint32(place + 4, true) === 0
  );
}
