/**
 * The frames of the bus: kinds, layout, and what is wrong with a packet (docs/protocol.md, section "bus"). Pure.
 *
 * A packet is checked whole before anybody acts on a frame of it (`clientPacketFault`, `brokerPacketFault`); whoever reads frames
 * after that reads fields at fixed offsets and need not check their shape again.
 */
import * as limits from '../../broker/contract/limits.js';

/** The one version so far. */
export const version = 1;
/** The letters CAPB, little-endian: the first bytes after the header of a greeting in either direction. */
export const magic = 0x42504143;

export const FrameKind = {
  Hello: 0x01,
  Welcome: 0x02,
  Close: 0x03,
  Send: 0x10,
  Call: 0x11,
  Reply: 0x12,
  Multicast: 0x13,
  Create: 0x14,
  Destroy: 0x15,
  Release: 0x16,
  Withdraw: 0x17,
  Holders: 0x18,
  List: 0x19,
  Message: 0x20,
  Answer: 0x21,
  Lost: 0x22,
  Gone: 0x23,
  Unused: 0x24,
  Writable: 0x25,
  Accepted: 0x26,
  Refused: 0x27,
  Outcomes: 0x28,
  HolderList: 0x29,
} as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

/** Multicast: send to those destinations that can take it. */
export const partialFlag = 1;
/** Multicast: the destinations are those of a list that was sent before. */
export const listedFlag = 2;
/** Create: messages to the node show their sender's credentials. */
export const credentialsFlag = 1;
/** Reply: say when it was accepted. */
export const acceptanceFlag = 1;
/** Message: the sender's credentials are in it. */
export const shownFlag = 1;
/**
 * Whatever has a payload: it is outside of the packet, in sealed memory that is the frame's first descriptor (sockets S9). Its
 * length stands in its place.
 */
export const sealedFlag = 4;
/** The place of such a payload: its length and a reserved word. */
export const sealedPlaceBytes = 8;

export const helloBytes = 16;
export const welcomeBytes = 32;
export const closeBytes = 16;
/** Send, call and reply up to their transfers. */
export const sendHeadBytes = 32;
/** Multicast up to its destinations. */
export const multicastHeadBytes = 24;
export const createBytes = 24;
export const listHeadBytes = 16;
export const releaseEntryBytes = 12;
export const withdrawBytes = 16;
export const holdersBytes = 24;
export const messageHeadBytes = 40;
/** Credentials in a message, between its head and its handles. */
export const shownBytes = 16;
export const answerHeadBytes = 24;
export const noticeBytes = 24;
export const unusedBytes = 32;
export const outcomesHeadBytes = 24;
export const idBytes = 8;

/** List up to its ids. */
export const destinationListHeadBytes = 24;
/** Lists of destinations that the broker keeps for one peer. */
export const listsMax = 4;

/** Indices of handles and replies that a broker gives to one peer: more than its user may hold (`userHandlesMax`). */
export const heldIndexMax = 1 << 20;

/** Ids or entries in one destroy, release or list of holders. */
export const listEntriesMax = 1024;

const twoTo32 = 0x1_0000_0000;

export function paddedBytes(bytes: number): number {
  return (bytes + 7) & ~7;
}

/** Writes the header of a frame whose contents are `bytes` long, header included, before padding; returns its length. */
export function writeHeader(
  view: DataView,
  at: number,
  bytes: number,
  kind: FrameKind,
  flags: number,
  descriptors: number,
): number {
  const length = paddedBytes(bytes);
  view.setUint32(at, length, true);
  view.setUint32(at + 4, kind | (flags << 8) | (descriptors << 16) | ((length - bytes) << 24), true);
  return length;
}

export function writeSequence(view: DataView, at: number, sequence: number): void {
  view.setUint32(at, sequence % twoTo32, true);
  view.setUint32(at + 4, Math.floor(sequence / twoTo32), true);
}

export function readSequence(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * twoTo32;
}

/** What is wrong with a packet; 0 is nothing. */
export const Fault = {
  None: 0,
  /** Shorter than a header, or not made of whole frames. */
  Length: 1,
  /** A kind that this side does not take, or flags that the kind does not have. */
  Kind: 2,
  /** A count, an id or a reserved field out of its range, or contents that do not fit the length. */
  Field: 3,
  /** The frames' descriptors are not those that came. */
  Descriptors: 4,
} as const;
export type Fault = (typeof Fault)[keyof typeof Fault];

/** What is wrong with a packet from a client that has been welcomed. */
export function clientPacketFault(
  view: DataView,
  offset: number,
  length: number,
  descriptors: number,
): Fault {
  return packetFault(view, offset, length, descriptors, clientFrameFault);
}

/** What is wrong with a packet from the broker, the greeting included. */
export function brokerPacketFault(
  view: DataView,
  offset: number,
  length: number,
  descriptors: number,
): Fault {
  return packetFault(view, offset, length, descriptors, brokerFrameFault);
}

function packetFault(
  view: DataView,
  offset: number,
  length: number,
  descriptors: number,
  frameFault: (view: DataView, at: number, length: number, kind: number) => Fault,
): Fault {
  const end = offset + length;
  let declared = 0;
  let at = offset;
  while (at < end) {
    if (end - at < limits.frameHeaderBytes) return Fault.Length;
    const frameLength = view.getUint32(at, true);
    if (frameLength < limits.frameHeaderBytes || frameLength % 8 !== 0 || frameLength > end - at) {
      return Fault.Length;
    }
    const kind = view.getUint8(at + 4);
    if (view.getUint8(at + 7) > 7) return Fault.Field;
    const fault = frameFault(view, at, frameLength, kind);
    if (fault !== Fault.None) return fault;
    declared += view.getUint8(at + 6);
    at += frameLength;
  }
  if (length === 0) return Fault.Length;
  return declared === descriptors ? Fault.None : Fault.Descriptors;
}

function clientFrameFault(view: DataView, at: number, length: number, kind: number): Fault {
  const flags = view.getUint8(at + 5);
  switch (kind) {
    case FrameKind.Send:
    case FrameKind.Call:
    case FrameKind.Reply:
      return sendFault(view, at, length, kind, flags);
    case FrameKind.Multicast:
      return multicastFault(view, at, length, flags);
    case FrameKind.Create:
      return flags > credentialsFlag ? Fault.Kind : plainFault(view, at, length, createBytes, -1);
    case FrameKind.Destroy:
      return flags !== 0 ? Fault.Kind : listFault(view, at, length, idBytes);
    case FrameKind.Release:
      return flags !== 0 ? Fault.Kind : listFault(view, at, length, releaseEntryBytes);
    case FrameKind.Withdraw:
      return flags !== 0 ? Fault.Kind : plainFault(view, at, length, withdrawBytes, -1);
    case FrameKind.Holders:
      return flags !== 0 ? Fault.Kind : plainFault(view, at, length, holdersBytes, 12);
    case FrameKind.List:
      return flags !== 0 ? Fault.Kind : destinationListFault(view, at, length);
    default:
      return Fault.Kind;
  }
}

function brokerFrameFault(view: DataView, at: number, length: number, kind: number): Fault {
  const flags = view.getUint8(at + 5);
  if (flags !== 0 && (flags & ~brokerFlags(kind)) !== 0) return Fault.Kind;
  switch (kind) {
    case FrameKind.Message:
      if (length < messageHeadBytes || !isHeldWord(view.getUint32(at + 32, true))) return Fault.Field;
      return receivedFault(view, at, length, messageHeadBytes + (flags & shownFlag ? shownBytes : 0));
    case FrameKind.Answer:
      return length < answerHeadBytes ? Fault.Field : receivedFault(view, at, length, answerHeadBytes);
    case FrameKind.Lost:
    case FrameKind.Gone:
    case FrameKind.Writable:
    case FrameKind.Accepted:
    case FrameKind.Refused:
      return plainFault(view, at, length, noticeBytes, -1);
    case FrameKind.Unused:
      return plainFault(view, at, length, unusedBytes, 28);
    case FrameKind.Outcomes:
      return entriesFault(view, at, length, outcomesHeadBytes, 2);
    case FrameKind.HolderList:
      return entriesFault(view, at, length, listHeadBytes, idBytes);
    case FrameKind.Welcome: {
      const fault = plainFault(view, at, length, welcomeBytes, 20);
      return fault === Fault.None && !isHeldWord(view.getUint32(at + 24, true)) ? Fault.Field : fault;
    }
    case FrameKind.Close:
      return plainFault(view, at, length, closeBytes, -1);
    default:
      return Fault.Kind;
  }
}

/** The flags that a frame of the broker may have. */
function brokerFlags(kind: number): number {
  if (kind === FrameKind.Message) return shownFlag | sealedFlag;
  return kind === FrameKind.Answer ? sealedFlag : 0;
}

/** Whether a word can be one that the broker gives out: the receiver has a place for each index up to the largest. */
function isHeldWord(word: number): boolean {
  return word >>> 3 < heldIndexMax;
}

/** A frame for a receiver, whose transfers are counted at 20. */
function receivedFault(view: DataView, at: number, length: number, headBytes: number): Fault {
  const transfers = view.getUint32(at + 20, true);
  const fault = payloadFault(view, at, length, headBytes, transfers);
  if (fault !== Fault.None) return fault;
  const end = at + headBytes + transfers * idBytes;
  for (let idAt = at + headBytes; idAt < end; idAt += idBytes) {
    if (!isHeldWord(view.getUint32(idAt, true))) return Fault.Field;
  }
  return Fault.None;
}

/** A frame of one size, without padding or descriptors, whose word at `reserved` is 0. */
function plainFault(view: DataView, at: number, length: number, bytes: number, reserved: number): Fault {
  if (length !== bytes || view.getUint16(at + 6, true) !== 0) return Fault.Field;
  return reserved >= 0 && view.getUint32(at + reserved, true) !== 0 ? Fault.Field : Fault.None;
}

function sendFault(view: DataView, at: number, length: number, kind: number, flags: number): Fault {
  if ((flags & ~(kind === FrameKind.Reply ? acceptanceFlag | sealedFlag : sealedFlag)) !== 0)
    return Fault.Kind;
  if (length < sendHeadBytes) return Fault.Field;
  const hasTag = view.getUint32(at + 24, true) !== 0;
  if (hasTag !== (kind === FrameKind.Call) || view.getUint32(at + 28, true) !== 0) return Fault.Field;
  return payloadFault(view, at, length, sendHeadBytes, view.getUint32(at + 12, true));
}

function multicastFault(view: DataView, at: number, length: number, flags: number): Fault {
  if ((flags & ~(partialFlag | listedFlag | sealedFlag)) !== 0) return Fault.Kind;
  if (length < multicastHeadBytes) return Fault.Field;
  const destinations = view.getUint32(at + 16, true);
  const list = view.getUint32(at + 20, true);
  const isListed = (flags & listedFlag) !== 0;
  if (isListed ? destinations !== 0 || list >= listsMax : list !== 0) return Fault.Field;
  if (!isListed && (destinations < 1 || destinations > limits.multicastHandlesMax)) return Fault.Field;
  return payloadFault(
    view,
    at,
    length,
    multicastHeadBytes + destinations * idBytes,
    view.getUint32(at + 12, true),
  );
}

/** A frame that ends with `transfers` ids and a payload. */
function payloadFault(
  view: DataView,
  at: number,
  length: number,
  headBytes: number,
  transfers: number,
): Fault {
  if (transfers > limits.messageHandlesMax) return Fault.Field;
  const payload = length - headBytes - transfers * idBytes - view.getUint8(at + 7);
  if (payload < 0 || payload > limits.inlineBytesMax) return Fault.Field;
  if ((view.getUint8(at + 5) & sealedFlag) === 0) return Fault.None;
  return sealedFault(view, at, headBytes + transfers * idBytes, payload);
}

/** A payload outside of the packet, whose place begins at `placeAt` of the frame: it must be one that needs that. */
function sealedFault(view: DataView, at: number, placeAt: number, placeBytes: number): Fault {
  if (placeBytes !== sealedPlaceBytes || view.getUint8(at + 6) === 0) return Fault.Field;
  const bytes = view.getUint32(at + placeAt, true);
  const isLarge = bytes > limits.inlineBytesMax && bytes <= limits.payloadBytesMax;
  return isLarge && view.getUint32(at + placeAt + 4, true) === 0 ? Fault.None : Fault.Field;
}

/** A request with a list of 1 to `listEntriesMax` entries. */
function listFault(view: DataView, at: number, length: number, entryBytes: number): Fault {
  const fault = entriesFault(view, at, length, listHeadBytes, entryBytes);
  if (fault !== Fault.None) return fault;
  const count = view.getUint32(at + 12, true);
  return count < 1 || count > listEntriesMax ? Fault.Field : Fault.None;
}

/** A list of destinations, for multicasts that name it. */
function destinationListFault(view: DataView, at: number, length: number): Fault {
  const fault = entriesFault(view, at, length, destinationListHeadBytes, idBytes);
  if (fault !== Fault.None) return fault;
  if (view.getUint8(at + 7) !== 0 || view.getUint32(at + 20, true) !== 0) return Fault.Field;
  const count = view.getUint32(at + 12, true);
  if (count < 1 || count > limits.multicastHandlesMax) return Fault.Field;
  return view.getUint32(at + 16, true) < listsMax ? Fault.None : Fault.Field;
}

/** A frame that ends with as many entries as the word at 12 says. */
function entriesFault(
  view: DataView,
  at: number,
  length: number,
  headBytes: number,
  entryBytes: number,
): Fault {
  if (length < headBytes || view.getUint8(at + 6) !== 0) return Fault.Field;
  const bytes = headBytes + view.getUint32(at + 12, true) * entryBytes;
  return bytes + view.getUint8(at + 7) === length ? Fault.None : Fault.Field;
}

/** What a client that has just connected says: the versions it speaks, lowest and highest; `undefined` if it is no hello. */
export function readHello(
  view: DataView,
  at: number,
  length: number,
): { readonly lowest: number; readonly highest: number } | undefined {
  if (length !== helloBytes || view.getUint32(at, true) !== helloBytes) return undefined;
  if (view.getUint32(at + 4, true) !== FrameKind.Hello || view.getUint32(at + 8, true) !== magic) {
    return undefined;
  }
  const lowest = view.getUint16(at + 12, true);
  const highest = view.getUint16(at + 14, true);
  return lowest >= 1 && lowest <= highest ? { lowest, highest } : undefined;
}

export function writeHello(view: DataView, at: number): void {
  writeHeader(view, at, helloBytes, FrameKind.Hello, 0, 0);
  view.setUint32(at + 8, magic, true);
  view.setUint16(at + 12, version, true);
  view.setUint16(at + 14, version, true);
}

export function writeWelcome(
  view: DataView,
  at: number,
  account: number,
  word: number,
  generation: number,
): void {
  writeHeader(view, at, welcomeBytes, FrameKind.Welcome, 0, 0);
  view.setUint32(at + 8, magic, true);
  view.setUint32(at + 12, version, true);
  view.setUint32(at + 16, account, true);
  view.setUint32(at + 20, 0, true);
  view.setUint32(at + 24, word, true);
  view.setUint32(at + 28, generation, true);
}

export function writeClose(view: DataView, at: number, code: number): void {
  writeHeader(view, at, closeBytes, FrameKind.Close, 0, 0);
  view.setUint32(at + 8, magic, true);
  view.setUint32(at + 12, code, true);
}

/** Lost, gone, writable: a sequence number and two words. */
export function writeNotice(
  view: DataView,
  at: number,
  kind: FrameKind,
  sequence: number,
  first: number,
  second: number,
): void {
  writeHeader(view, at, noticeBytes, kind, 0, 0);
  writeSequence(view, at + 8, sequence);
  view.setUint32(at + 16, first, true);
  view.setUint32(at + 20, second, true);
}

export function writeUnused(
  view: DataView,
  at: number,
  sequence: number,
  word: number,
  generation: number,
  transfersSeen: number,
): void {
  writeHeader(view, at, unusedBytes, FrameKind.Unused, 0, 0);
  writeSequence(view, at + 8, sequence);
  view.setUint32(at + 16, word, true);
  view.setUint32(at + 20, generation, true);
  view.setUint32(at + 24, transfersSeen, true);
  view.setUint32(at + 28, 0, true);
}

export function writeAccepted(
  view: DataView,
  at: number,
  firstSerial: number,
  count: number,
  firstSequence: number,
): void {
  writeHeader(view, at, noticeBytes, FrameKind.Accepted, 0, 0);
  view.setUint32(at + 8, firstSerial, true);
  view.setUint32(at + 12, count, true);
  writeSequence(view, at + 16, firstSequence);
}

/** An error code and, for want of room, the blame (`blameOf`), as they stand in 16 bits. */
export function refusalOf(code: number, blame: number): number {
  return code | (blame << 8);
}

export function refusalCode(refusal: number): number {
  return refusal & 0xff;
}

export function refusalBlame(refusal: number): number {
  return (refusal >>> 8) & 0xff;
}

export function writeRefused(
  view: DataView,
  at: number,
  serial: number,
  tag: number,
  refusal: number,
  position: number,
): void {
  writeHeader(view, at, noticeBytes, FrameKind.Refused, 0, 0);
  view.setUint32(at + 8, serial, true);
  view.setUint32(at + 12, tag, true);
  view.setUint32(at + 16, refusal, true);
  view.setUint32(at + 20, position, true);
}
