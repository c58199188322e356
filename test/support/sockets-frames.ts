/**
 * Frames of the sockets transport as plain values: what the vectors say, and what tests with raw connections send.
 */
import * as wire from '../../transports/sockets/wire.js';

type TransferName = 'handle' | 'reply' | 'gone';

export interface MessageFrame {
  readonly kind: 'message' | 'call' | 'reply';
  readonly serial: number;
  readonly transfers: readonly { readonly kind: TransferName; readonly fence: number }[];
  /** Hexadecimal; empty if the payload is outside of the packet. */
  readonly payload: string;
  /** The length of a payload outside of the packet. */
  readonly sealed?: number;
  readonly descriptors: number;
}

export type Frame =
  | { readonly kind: 'hello'; readonly lowest: number; readonly highest: number; readonly fence: number }
  | { readonly kind: 'welcome'; readonly version: number }
  | { readonly kind: 'refuse'; readonly code: number }
  | MessageFrame
  | { readonly kind: 'reply-lost'; readonly serial: number }
  | { readonly kind: 'reply-attach'; readonly serial: number; readonly fence: number }
  | { readonly kind: 'attach'; readonly fence: number }
  | { readonly kind: 'ack'; readonly received: number }
  | { readonly kind: 'gone' }
  /** The token in hexadecimal. */
  | { readonly kind: 'same'; readonly serial: number; readonly step: number; readonly token: string }
  | { readonly kind: 'same-answer'; readonly serial: number; readonly result: number }
  | { readonly kind: 'room'; readonly hasRoom: number };

const { FrameKind, TransferKind } = wire;
const messageKinds = { message: FrameKind.Message, call: FrameKind.Call, reply: FrameKind.Reply } as const;
const transferKinds = {
  handle: TransferKind.Handle,
  reply: TransferKind.Reply,
  gone: TransferKind.Gone,
} as const;
const transferNames = new Map<number, TransferName>([
  [TransferKind.Handle, 'handle'],
  [TransferKind.Reply, 'reply'],
  [TransferKind.Gone, 'gone'],
]);

/** A MESSAGE, CALL or REPLY without transfers. */
export function textFrame(
  kind: MessageFrame['kind'],
  text: string,
  serial = 0,
  descriptors = 0,
): MessageFrame {
  return { kind, serial, transfers: [], payload: Buffer.from(text).toString('hex'), descriptors };
}

/** The HELLO of this version. */
export function helloFrame(fence = 0): Frame {
  return { kind: 'hello', lowest: wire.version, highest: wire.version, fence };
}

function frameBytes(frame: Frame): number {
  switch (frame.kind) {
    case 'hello':
      return wire.helloBytes;
    case 'welcome':
      return wire.welcomeBytes;
    case 'gone':
      return wire.goneBytes;
    case 'same':
      return wire.sameBytes;
    case 'message':
    case 'call':
    case 'reply':
      return wire.messageFrameBytes(frame.transfers.length, placeBytes(frame));
    default:
      return wire.shortFrameBytes;
  }
}

function placeBytes({ payload, sealed }: MessageFrame): number {
  return sealed === undefined ? payload.length / 2 : wire.sealedPlaceBytes;
}

function writeMessage(bytes: Uint8Array, view: DataView, at: number, frame: MessageFrame): void {
  const payload = Buffer.from(frame.payload, 'hex');
  const count = frame.transfers.length;
  const length = frameBytes(frame);
  const kind = messageKinds[frame.kind];
  wire.writeMessageHead(view, at, length, kind, frame.serial, count, frame.descriptors, placeBytes(frame));
  for (const [index, transfer] of frame.transfers.entries()) {
    wire.writeTransfer(view, at, index, transferKinds[transfer.kind], transfer.fence);
  }
  if (frame.sealed === undefined) wire.writePayload(bytes, at, length, count, payload);
  else wire.writeSealedPlace(view, at, count, frame.sealed);
}

function writeFrame(bytes: Uint8Array, view: DataView, at: number, frame: Frame): void {
  switch (frame.kind) {
    case 'hello':
      wire.writeHello(view, at, frame.fence);
      view.setUint16(at + 12, frame.lowest, true);
      view.setUint16(at + 14, frame.highest, true);
      break;
    case 'welcome':
      wire.writeWelcome(view, at);
      view.setUint16(at + 12, frame.version, true);
      break;
    case 'gone':
      wire.writeGone(view, at);
      break;
    case 'refuse':
      wire.writeShort(view, at, FrameKind.Refuse, 0, frame.code, 0);
      break;
    case 'reply-lost':
      wire.writeShort(view, at, FrameKind.ReplyLost, 0, frame.serial, 0);
      break;
    case 'reply-attach':
      wire.writeShort(view, at, FrameKind.ReplyAttach, 1, frame.serial, frame.fence);
      break;
    case 'attach':
      wire.writeShort(view, at, FrameKind.Attach, 1, frame.fence, 0);
      break;
    case 'ack':
      wire.writeShort(view, at, FrameKind.Ack, 0, frame.received, 0);
      break;
    case 'same':
      wire.writeSame(view, at, frame.serial, frame.step as wire.SameStep, Buffer.from(frame.token, 'hex'));
      break;
    case 'same-answer':
      wire.writeShort(view, at, FrameKind.SameAnswer, 0, frame.serial, frame.result);
      break;
    case 'room':
      wire.writeShort(view, at, FrameKind.Room, 0, frame.hasRoom, 0);
      break;
    default:
      writeMessage(bytes, view, at, frame);
  }
}

/** The frames as one packet, written over memory that was used before. */
export function encodePacket(frames: readonly Frame[]): Uint8Array {
  const bytes = new Uint8Array(frames.reduce((sum, frame) => sum + frameBytes(frame), 0)).fill(0xa5);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const frame of frames) {
    writeFrame(bytes, view, at, frame);
    at += frameBytes(frame);
  }
  return bytes;
}

function readMessage(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  kind: MessageFrame['kind'],
): MessageFrame {
  const transfers: { kind: TransferName; fence: number }[] = [];
  for (let index = 0; index < wire.secondWordAt(view, at); index += 1) {
    const name = transferNames.get(wire.transferKindAt(view, at, index));
    if (name === undefined) throw new Error('a transfer of no known kind');
    transfers.push({ kind: name, fence: wire.transferFenceAt(view, at, index) });
  }
  const start = wire.payloadStartAt(view, at);
  const isSealed = wire.isSealedAt(view, at);
  const payload = isSealed ? new Uint8Array(0) : bytes.subarray(start, wire.payloadEndAt(view, at));
  return {
    kind,
    serial: wire.firstWordAt(view, at),
    transfers,
    payload: Buffer.from(payload).toString('hex'),
    ...(isSealed ? { sealed: view.getUint32(start, true) } : {}),
    descriptors: wire.frameDescriptorsAt(view, at),
  };
}

function readFrame(bytes: Uint8Array, view: DataView, at: number): Frame {
  const kind = wire.frameKindAt(view, at);
  const first = kind === FrameKind.Gone ? 0 : wire.firstWordAt(view, at);
  switch (kind) {
    case FrameKind.Hello:
      return {
        kind: 'hello',
        lowest: view.getUint16(at + 12, true),
        highest: view.getUint16(at + 14, true),
        fence: wire.helloFenceAt(view, at),
      };
    case FrameKind.Welcome:
      return { kind: 'welcome', version: view.getUint16(at + 12, true) };
    case FrameKind.Refuse:
      return { kind: 'refuse', code: first };
    case FrameKind.Message:
      return readMessage(bytes, view, at, 'message');
    case FrameKind.Call:
      return readMessage(bytes, view, at, 'call');
    case FrameKind.Reply:
      return readMessage(bytes, view, at, 'reply');
    case FrameKind.ReplyLost:
      return { kind: 'reply-lost', serial: first };
    case FrameKind.ReplyAttach:
      return { kind: 'reply-attach', serial: first, fence: wire.secondWordAt(view, at) };
    case FrameKind.Attach:
      return { kind: 'attach', fence: first };
    case FrameKind.Ack:
      return { kind: 'ack', received: first };
    case FrameKind.Gone:
      return { kind: 'gone' };
    case FrameKind.Same:
      return {
        kind: 'same',
        serial: first,
        step: wire.secondWordAt(view, at),
        token: wire.sameTokenAt(view, at),
      };
    case FrameKind.SameAnswer:
      return { kind: 'same-answer', serial: first, result: wire.secondWordAt(view, at) };
    case FrameKind.Room:
      return { kind: 'room', hasRoom: first };
    default:
      throw new Error(`a frame of kind ${kind}`);
  }
}

/** The frames of a packet, or `undefined` if it is not sound. */
export function decodePacket(bytes: Uint8Array, descriptors: number): Frame[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!wire.isPacketSound(view, 0, bytes.byteLength, descriptors)) return undefined;
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.byteLength; at += wire.frameBytesAt(view, at)) {
    frames.push(readFrame(bytes, view, at));
  }
  return frames;
}
